"""The pages of published studies, ``docs/STUDY.md``: tasks and protocol of each, and what cannot be reproduced."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.checks.fidelity_page import rows_of
from experiments.checks.sources import Publication, Sourced, publications
from experiments.measures.measuring.device_speed import DeviceSpeed
from experiments.studies.published import PublishedStudy
from specs.registry import BACKBONES, DATASETS, INITIALIZERS, TABLES
from specs.run import RunSpec

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

HOURS = """
## How long it takes

Hours of one run, from the fewest epochs after which it may stop early to the recipe's epochs, without reading images,
on one GPU of these speeds: the images a second at which it trains ResNet-50 at 224 pixels, {speeds_of}.
They follow from the multiply-adds of each network and the published numbers of images, and were not measured with this
project. `--dry-run --device-speed IMAGES` says it for your device, and after a few runs of yours by these.

| task | {heads} |
| --- |{rules}
"""

SPEEDS = {"A100, TF32": 938.0, "A100, mixed precision": 2470.0, "V100, float32": 367.0}
"""The images a second at which a GPU trains ResNet-50 at 224 pixels, by NVIDIA's own measurements."""

SPEEDS_OF = (
    "as\n[NVIDIA measured](https://github.com/NVIDIA/DeepLearningExamples/tree/master/PyTorch/Classification/ConvNets/"
    "resnet50v1.5) with its own training script"
)

LAST = """
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
    parts += [PROTOCOL, *_protocol(publication, study), *_hours(publication, study)]
    parts += [LAST, *(f"- {text}\n" for text in study.cannot)]
    return "".join(parts)


def _protocol(publication: Publication, study: PublishedStudy) -> Iterator[str]:
    """The lines of the protocol's table: a setting each, with a cell for each task."""
    by_recipe = {one.name: one for one in publication.recipes}
    tasks = {task.label: by_recipe[task.recipe] for task in study.tasks}
    yield "| setting | " + " | ".join(tasks) + " |\n| --- |" + " --- |" * len(tasks) + "\n"
    for setting in SHOWN:
        yield f"| {setting.replace('_', ' ')} | " + " | ".join(_cell(one, setting) for one in tasks.values()) + " |\n"


def _hours(publication: Publication, study: PublishedStudy) -> Iterator[str]:
    """The lines of the table of hours: a task each."""
    devices = [DeviceSpeed(speed) for speed in SPEEDS.values()]
    recipes = {one.name: one.recipe for one in publication.recipes}
    heads, rules = " | ".join(SPEEDS), " ---: |" * len(SPEEDS)
    yield HOURS.format(speeds_of=SPEEDS_OF, heads=heads, rules=rules)
    for task in study.tasks:
        spec = RunSpec(
            stage="finetune",
            dataset=DATASETS.bind(task.dataset),
            edition="real",
            backbone=BACKBONES.bind("resnet50"),
            initializer=INITIALIZERS.bind("random"),
            recipe=recipes[task.recipe],
        )
        yield f"| {task.label} | " + " | ".join(_range(device.seconds(spec, None)) for device in devices) + " |\n"


def _range(seconds: tuple[float, float] | None) -> str:
    """The least and the most hours."""
    if seconds is None:
        return "?"
    least, most = (f"{one / 3600:.2g}" if one < 36_000 else f"{one / 3600:,.0f}" for one in seconds)
    return least if least == most else f"{least} to {most}"


def _cell(sourced: Sourced, setting: str) -> str:
    """The value of a setting, or of its parts where these have sources of several kinds."""
    found = [row for row in rows_of(sourced) if row.setting.partition(".")[0] == setting]
    return "; ".join(f"{_part(row.setting)}{row.here}{LETTERS[row.kind]}" for row in found).replace("|", "\\|")


def _part(setting: str) -> str:
    """The name of a setting's part, before its value; empty for a whole setting."""
    _, _, part = setting.partition(".")
    return f"{part} " if part else ""
