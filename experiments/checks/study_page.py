"""The pages of published studies, ``docs/STUDY.md``: tasks and protocol of each, and what cannot be reproduced."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.checks.fidelity_page import rows_of
from experiments.checks.sources import Publication, Sourced, publications
from experiments.studies.published import PublishedStudy
from specs.registry import DATASETS, TABLES

HEAD = """# {heading}: {title}

{about}
`make pages` makes this page from the tables and recipes. How to make a table is in [papers.md](papers.md), and each
value with its source in [fidelity/{name}.md](fidelity/{name}.md).

## Tables and figures

| in the paper | target | what it asks |
| --- | --- | --- |
"""

TASKS_HEAD = """
## The tasks

{about}
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


def pages() -> dict[str, str]:
    """The text of each page by its file's name."""
    return {f"{one.name}.md": _page(one, one.study) for one in publications() if one.study is not None}


def _page(publication: Publication, study: PublishedStudy) -> str:
    """The text of a study's page, in Markdown."""
    name = publication.name
    parts = [HEAD.format(heading=name.capitalize(), name=name, title=study.title, about=study.about)]
    for item, target in study.items:
        parts.append(f"| {item} | `{target}` | {TABLES.entries[target.replace('-', '_')].description.rstrip('.')} |\n")
    parts.append(TASKS_HEAD.format(about=study.tasks_about))
    for task in study.tasks:
        told = ", ".join("?" if count is None else f"{count:,}" for count in task.counts)
        link = f"[{task.dataset}]({DATASETS.build(task.dataset).homepage})"
        parts.append(
            f"| {task.label} | {task.task} | {task.modality}, {link} | {told} | {task.divided_here} | "
            f"{task.divided_there} |\n"
        )
    parts += [PROTOCOL, *_protocol(publication, study), LAST, *(f"- {text}\n" for text in study.cannot)]
    return "".join(parts)


def _protocol(publication: Publication, study: PublishedStudy) -> Iterator[str]:
    """The lines of the protocol's table: a setting each, with a cell for each task."""
    by_recipe = {one.name: one for one in publication.recipes}
    tasks = {task.label: by_recipe[task.recipe] for task in study.tasks}
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
