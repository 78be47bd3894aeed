"""Recipes are held fixed, since their values are in keys: a value that slips makes finished runs count for nothing.

``recipes.json`` has the beginning of the sha256 of each recipe's JSON. A recipe changes on purpose only, with a line in
CHANGELOG; the failing test prints what then belongs into the file.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from experiments.run.recipes import recipe_named

KEPT: dict[str, str] = json.loads(Path(__file__).with_name("recipes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KEPT)
def test_a_recipe_has_the_values_that_it_had(name: str) -> None:
    plain = json.dumps(recipe_named(name).to_json(), sort_keys=True)
    assert hashlib.sha256(plain.encode()).hexdigest()[:16] == KEPT[name]
