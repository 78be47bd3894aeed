"""Checks of the arguments of ``volumes`` that need no files: which of them do not go together."""

from __future__ import annotations

from collections.abc import Sequence

from datamodules.slicing.cases import STAR, Pattern
from datamodules.slicing.cutting import Cut
from datamodules.slicing.marking import Marking
from specs.errors import UsageError
from specs.quoting import names
from specs.task import Kind


def check_slices(cut: Cut, every: int, window: tuple[float, float] | None, entry: str = "volumes") -> None:
    """Refuse numbers that no slice can be made with.

    Args:
        cut: the way in which slices are taken out of volumes.
        every: the step from slice to slice.
        window: the center and the width of what is shown; None where it is each volume's own.
        entry: the name of the dataset whose arguments these are, for messages.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    if every < 1:
        raise UsageError(f"argument every of {entry}: expected a whole number from 1 on, found {every}.")
    if cut.spacing is not None and not 0 < cut.spacing < float("inf"):
        raise UsageError(f"argument spacing of {entry}: expected a number of mm above 0, found {cut.spacing:g}.")
    if window is not None and not (abs(window[0]) < float("inf") and 0 < window[1] < float("inf")):
        raise UsageError(
            f"argument window of {entry}: expected center and width in the units of the values, the width above 0, "
            f"such as (40, 400), found {window}."
        )


def check_channels(images: Sequence[Pattern], named: Sequence[str], neighbours: int) -> None:
    """Refuse channels that cannot be told apart, or that go with nothing.

    Args:
        images: the paths of images, one for each channel; one alone may be of files that hold all channels.
        named: the names that were given to the channels; none where none were given.
        neighbours: how many slices before and after a slice are shown with it.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    if not images or len(set(images)) < len(images) or len({one.stars for one in images}) > 1:
        raise UsageError(
            "argument images of volumes: expected a path, or a different one for each channel with as many stars, "
            f"which stand for the same names, found {names([one.text for one in images])}."
        )
    if named and (len(images) not in (1, len(named)) or len(set(named)) < len(named) or not all(named)):
        raise UsageError(
            "argument channels_named of volumes: expected a different name for each channel, as many as there are "
            f"paths in images or, with one path, as each file holds channels, found {names(named)}."
        )
    if neighbours and max(len(images), len(named)) > 1:
        raise UsageError(
            "arguments neighbours and images of volumes: neighbouring slices are shown as channels, and these images "
            "have several channels already. Leave neighbours out."
        )


def check_patterns(images: Sequence[Pattern], masks: Pattern, kind: Kind) -> None:
    """Refuse patterns of paths that name no cases, or name those of images and masks differently.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    for one in images:
        one.check("images")
    if kind != "segmentation":
        return
    masks.check("masks")
    if images[0].stars != masks.stars or masks in images:
        raise UsageError(
            "arguments images and masks of volumes: expected two paths with the same number of stars, which stand for "
            f'the same names, found "{images[0].text}" and "{masks.text}".'
        )


def check_class_folders(images: Pattern, labels: str) -> None:
    """Refuse class folders in a path that has no folder for them.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    if labels == "folders" and (images.stars < 2 or "/" not in images.text.rpartition(STAR)[0]):
        raise UsageError(
            'argument images of volumes: with labels="folders" the first star is the class folder and another one the '
            f'case in it, such as "*/*.nii.gz", found "{images.text}".'
        )


def check_marking(marking: Marking, kind: Kind, with_finding: bool) -> None:
    """Refuse values of masks that do not go with the classes or with the kind of the task.

    Args:
        marking: the values of masks and their meaning.
        kind: the kind of the task, such as ``segmentation``.
        with_finding: whether slices are chosen by their masks.

    Raises:
        UsageError: names the argument, what was expected and what was found.
    """
    several, given = len(marking.classes) > 1, marking.values or marking.ignored
    if kind != "segmentation" and (given or with_finding):
        raise UsageError(
            'arguments slices="with finding", values and ignored of volumes: they are for kind="segmentation", found '
            f'"{kind}". Leave them out.'
        )
    if isinstance(marking.foreground, tuple) and (not marking.foreground or 0 in marking.foreground or several):
        raise UsageError(
            "argument foreground of volumes: expected values of masks of one class that are foreground, such as "
            f"(1, 2), found {marking.foreground}. 0 is background; of several classes, values says which is which."
        )
    if given and not several:
        raise UsageError(
            "arguments values and ignored of volumes: they are for several classes. Of one class, foreground says its "
            "values."
        )
    if marking.values and len(marking.values) != len(marking.classes):
        raise UsageError(
            f"argument values of volumes: expected what marks each of {len(marking.classes)} classes, found "
            f"{len(marking.values)}: {marking.values}."
        )
    own = marking.values or tuple(range(1, len(marking.classes) + 1))
    marks = [mark for each in (*own, marking.ignored) for mark in (each if isinstance(each, tuple) else (each,))]
    if 0 in marks or len(set(marks)) != len(marks):
        raise UsageError(
            f"arguments values and ignored of volumes: expected different values, and none of them 0, which is "
            f"background, found {marks}."
        )
