"""Analyses: they are written before the first look, once, and count the looks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.run.analyses import fix
from experiments.run.store import RunStore
from specs.errors import RunError

FIXED = {"margin": 0.01, "rows": ["random", "imagenet"]}


def test_an_analysis_is_the_same_whenever_it_is_fixed(tmp_path: Path) -> None:
    one, other = fix(RunStore(tmp_path), "images", FIXED), fix(RunStore(tmp_path), "images", {**FIXED})
    assert one == other
    assert one.fixed == FIXED
    assert one.digest != fix(RunStore(tmp_path), "images", FIXED | {"margin": 0.02}).digest
    assert one.digest != fix(RunStore(tmp_path), "other images", FIXED).digest


def test_the_number_of_looks_never_falls(tmp_path: Path) -> None:
    analysis = fix(RunStore(tmp_path), "images", FIXED)
    for number in (2, 1, 2):
        analysis.looked(number)
    assert json.loads(analysis.path.read_text())["looks"] == 2


def test_what_others_had_looked_at_before_is_known_and_stays_what_it_was(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    first = fix(store, "images", FIXED)
    fix(store, "images", {"never": "looked"})
    first.looked(3)
    fix(store, "other images", FIXED).looked(1)
    second = fix(store, "images", {"margin": 0.02})
    second.looked(1)
    assert second.before == {first.digest: 3}
    first.looked(5)
    second.looked(2)
    assert fix(store, "images", {"margin": 0.02}).before == {first.digest: 3}
    assert not first.before


@pytest.mark.parametrize("damage", ["{", "[]", '{"test": "images", "fixed": {}, "before": {}, "looks": 1}'])
def test_an_analysis_that_was_changed_is_refused(damage: str, tmp_path: Path) -> None:
    analysis = fix(RunStore(tmp_path), "images", FIXED)
    analysis.path.write_text(damage)
    with pytest.raises(RunError, match="fixed"):
        fix(RunStore(tmp_path), "images", FIXED)


def test_of_two_that_were_fixed_at_once_the_second_to_look_knows_of_the_first(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    first, second = fix(store, "images", FIXED), fix(store, "images", {"margin": 0.02})
    second.looked(1)
    first.looked(1)
    assert (dict(first.before), dict(second.before)) == ({second.digest: 1}, {})
