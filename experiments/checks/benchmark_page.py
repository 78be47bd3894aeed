"""The page ``docs/benchmark.md``: the benchmark paper, its tasks and protocol, and what cannot be reproduced."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.checks.fidelity_page import rows_of
from experiments.checks.sources import Sourced, publications
from experiments.studies.benchmark.paper import ABOUT, CANNOT, ITEMS, SPLITS, TITLE
from experiments.studies.benchmark.table_1 import TASKS
from experiments.studies.benchmark.tasks import DATASETS, columns
from specs.registry import DATASETS as KNOWN
from specs.registry import TABLES

HEAD = """# Benchmark: {title}

{about}
`make pages` makes this page from the tables and recipes. How to make a table is in [papers.md](papers.md), and each
value with its source in [fidelity/benchmark.md](fidelity/benchmark.md).

## Tables and figures

| in the paper | target | what it asks |
| --- | --- | --- |
"""

TASKS_HEAD = """
## The seven tasks

A code says object (E embolus, D thoracic diseases, V vessel, P pneumothorax, L lung, T tuberculosis), modality (C
computed tomography, X x-ray, F fundus) and task (C classification, S segmentation). Classifications are scored by the
mean area under the ROC curve, segmentations by Dice. Networks are ResNet-50 with a linear head, and U-Net with a
ResNet-50 encoder; each cell is the mean of ten runs.

| code | task | images | train, validation, test in the paper | divided here by | in the paper |
| --- | --- | --- | --- | --- | --- |
"""

PROTOCOL = """
## The protocol of each task

Of each setting the value here. *a*: assumed, since neither paper nor code says it. *o*: ours, another one on purpose.
Without a letter, it is the official code's.

"""

SHOWN = (
    "image_size", "batch_size", "epochs", "optimizer", "schedule", "early_stopping", "selection", "loss",
    "augmentation", "crop_from", "normalization", "test_time_augmentation",
)  # fmt: skip
"""The settings of the protocol's table, in order."""

LETTERS = {"published": "", "assumed": " *a*", "ours": " *o*"}

LAST = """
## How long it takes

Nothing was measured on a GPU yet. `--dry-run` tells about how long the rest takes, once a few runs of yours are done.

## What cannot be reproduced, and why

"""


def page() -> str:
    """The text of the page, in Markdown."""
    parts = [HEAD.format(title=TITLE, about=ABOUT)]
    for item, target in ITEMS:
        parts.append(f"| {item} | `{target}` | {TABLES.entries[target.replace('-', '_')].description.rstrip('.')} |\n")
    parts.append(TASKS_HEAD)
    for code, (task, modality, counts) in TASKS.items():
        dataset = KNOWN.build(DATASETS[code])
        told = ", ".join("?" if count is None else f"{count:,}" for count in counts)
        here, there = SPLITS[code]
        link = f"[{DATASETS[code]}]({dataset.homepage})"
        parts.append(f"| {code} | {task} | {modality}, {link} | {told} | {here} | {there} |\n")
    parts += [PROTOCOL, *_protocol(), LAST, *(f"- {text}\n" for text in CANNOT)]
    return "".join(parts)


def _protocol() -> Iterator[str]:
    """The lines of the protocol's table: a setting each, with a cell for each task."""
    (benchmark,) = (one for one in publications() if one.name == "benchmark")
    by_recipe = {one.recipe: one for one in benchmark.recipes}
    tasks = {column.label: by_recipe[column.recipe] for column in columns("paper")}
    yield "| setting | " + " | ".join(tasks) + " |\n| --- |" + " --- |" * len(tasks) + "\n"
    for setting in SHOWN:
        yield f"| {setting.replace('_', ' ')} | " + " | ".join(_cell(one, setting) for one in tasks.values()) + " |\n"


def _cell(sourced: Sourced, setting: str) -> str:
    """The value of a setting, or of its parts where these have sources of several kinds."""
    found = [row for row in rows_of(sourced) if row.setting.partition(".")[0] == setting]
    return "; ".join(f"{_part(row.setting)}{row.here}{LETTERS[row.kind]}" for row in found).replace("|", "\\|")


def _part(setting: str) -> str:
    """The name of a setting's part, before its value; empty for a whole setting."""
    _, _, part = setting.partition(".")
    return f"{part} " if part else ""
