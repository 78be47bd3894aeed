"""Spec files of runs as somebody may have altered them: with other values anywhere, too many levels, or no JSON."""

from __future__ import annotations

import dataclasses
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.values import altered, anything, damaged, deep
from experiments.run.recipes import recipe_named
from specs.expression import parse
from specs.fold import Fold
from specs.run import RunSpec
from specs.spec_file import read_spec

NAME = "specs"

RECIPES = ("phantom/smoke", "phantom/segmentation", "ssl/moco_v2", "ssl/swav", "benchmark/classification")


@cache
def whole(number: int) -> dict[str, Any]:
    """A valid spec with all optional parts, as plain data."""
    return RunSpec(
        stage="finetune",
        dataset=parse('medmnist("pneumoniamnist")'),
        edition="phantom",
        backbone=parse("tiny(width=4)"),
        initializer=parse('mean_var(supervised(on="fractals"))'),
        recipe=dataclasses.replace(recipe_named(RECIPES[number])),
        pretraining=recipe_named("phantom/smoke"),
        fold=Fold(1, 5),
    ).to_json()


def attempt(generator: random.Random, folder: Path) -> None:
    """Write one spec file, and read it.

    Raises:
        MedtransferError: if it is no spec, which is the right answer.
    """
    path = folder / "spec.json"
    kind = generator.random()
    if kind < 0.8:
        text = json.dumps(altered(whole(generator.randrange(len(RECIPES))), generator))
    elif kind < 0.85:
        text = json.dumps(anything(generator))
    elif kind < 0.9:
        text = generator.choice(("[", '{"recipe":')) * generator.choice((500, 20_000))
    elif kind < 0.92:
        text = json.dumps(deep(generator))
    else:
        text = damaged(json.dumps(whole(0)), generator)
    content = text.encode("utf-8", "surrogatepass")
    if generator.random() < 0.05:
        content = generator.choice((b"\xff\xfe" + content, content.decode("utf-8", "replace").encode("utf-16"), b""))
    path.write_bytes(content)
    read_spec(path)
