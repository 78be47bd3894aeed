"""Numbers of labels in words, that say what was shown and what was not within the numbers of images that were tried."""

from __future__ import annotations

import math

from analysis.annotation import Labels
from analysis.power_law import Band
from experiments.reporting.text.claims import points


def images(count: float) -> str:
    """A number of images in words, rounded to two digits, as in ``420`` or ``4,700``."""
    digits = max(0, math.floor(math.log10(count)) - 1)
    return f"{round(count, -digits):,.0f}"


def labels_text(labels: Labels, least: float, most: float) -> str:
    """A number of images with its interval, as in ``420 (300 to 610)`` or ``420 (300 to more than 4,708)``.

    Args:
        labels: the number of images with its interval.
        least: the smallest number of images that was tried.
        most: the largest number of images that was tried.
    """
    number, low, high = (_place(one, least, most) for one in (labels.number, labels.low, labels.high))
    return number if number == low == high else f"{number} ({low} to {high})"


def reaching(row: str, reference: str, labels: Labels, least: float, most: float, final: float) -> str:
    """A sentence on how many images a row needs to reach the score that the reference row has with all of its own.

    Args:
        row: the label of the row.
        reference: the label of the reference row.
        labels: the number of images with its interval.
        least: the smallest number of images that was tried.
        most: the largest number of images that was tried.
        final: the largest number of images of the reference row.
    """
    score = f'the score that "{reference}" has with {final:,.0f}'
    if labels.low == math.inf:
        return f'"{row}" is shown to stay below {score}, with up to {most:,.0f} training images.'
    if labels.high == -math.inf:
        return f'"{row}" is shown to need no more than {least:,.0f} training images, the fewest tried, for {score}.'
    if labels.high < math.inf:
        low, high = (_place(one, least, most) for one in (labels.low, labels.high))
        number = _about(labels.number, least, most)
        return f'"{row}" needs {number} training images (95% interval {low} to {high}) for {score}.'
    estimate = (
        "its own curve stays below it" if labels.number == math.inf
        else f"its curve reaches it with {_place(labels.number, least, most)}"
    )  # fmt: skip
    return (
        f'"{row}" is not shown to reach {score} with up to {most:,.0f} training images: {estimate}, and the interval '
        f"begins with {_place(labels.low, least, most)} and has no end."
    )


def until_alike(row: str, reference: str, labels: Labels, margin: float, least: float, most: float, last: Band) -> str:
    """A sentence on the number of images from which on two rows differ by no more than a margin.

    Args:
        row: the label of the row.
        reference: the label of the reference row.
        labels: the number of images with its interval.
        margin: the margin on the scale of scores in [0, 1].
        least: the smallest number of images that was tried with both.
        most: the largest number of images that was tried with both.
        last: the row's curve less that of the reference row, with the largest number of images.
    """
    within = f"no more than {points(margin)}"
    who = f'The difference of "{row}" and "{reference}"'
    if labels.high == -math.inf:
        return f"{who} is shown to be {within} from {least:,.0f} images, the fewest tried, to {most:,.0f}."
    if labels.high < math.inf:
        low, high = (_place(one, least, most) for one in (labels.low, labels.high))
        number = _about(labels.number, least, most)
        return f"{who} is {within} from {number} images on (95% interval {low} to {high}), up to {most:,.0f}."
    found, lowest, highest = (100 * float(of[0]) for of in (last.estimate, last.low, last.high))
    there = f"with {most:,.0f} it is {found:+.1f} ({lowest:+.1f} to {highest:+.1f}) points"
    if labels.low == math.inf:
        return f"{who} is shown to be more than {points(margin)} with every number of images tried: {there}."
    return f"{who} is not shown to fall to {within} within what was tried: {there}. That is no sign of equality."


def _about(number: float, least: float, most: float) -> str:
    """A number of images in words, with "about" where it is an estimate."""
    return f"{'about ' if math.isfinite(number) else ''}{_place(number, least, most)}"


def _place(number: float, least: float, most: float) -> str:
    """A number of images in words, or on which side of what was tried it lies."""
    if number == -math.inf:
        return f"fewer than {least:,.0f}"
    return f"more than {most:,.0f}" if number == math.inf else images(number)
