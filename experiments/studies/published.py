"""What a page on a published study says that its tables and recipes do not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedTask:
    """A task that a study tests its networks on.

    Attributes:
        label: the study's name of the task.
        task: what it asks, in words.
        modality: how its images were taken, such as ``x-ray``.
        dataset: the expression of its dataset.
        counts: the images that train, validate and test in the publication; None: not said.
        divided_here: how its images are divided in this project.
        divided_there: how the publication divides them.
        recipe: the full name of the recipe of its fine-tunings in the profile ``paper``.
    """

    label: str
    task: str
    modality: str
    dataset: str
    counts: tuple[int | None, int | None, int | None]
    divided_here: str
    divided_there: str
    recipe: str


@dataclass(frozen=True)
class PublishedStudy:
    """A study, as its page in ``docs`` shows it. It is the object ``STUDY`` in the file ``study.py`` of its folder.

    Attributes:
        title: the title of the publication.
        about: authors, where it appeared, and links, in Markdown.
        items: each of its tables and figures, with the target that makes it.
        tasks_about: what labels of tasks mean and how the tasks are scored, in Markdown.
        tasks: the tasks that networks are tested on.
        cannot: what cannot be reproduced, and why; one Markdown sentence or more each.
    """

    title: str
    about: str
    items: tuple[tuple[str, str], ...]
    tasks_about: str
    tasks: tuple[PublishedTask, ...]
    cannot: tuple[str, ...]
