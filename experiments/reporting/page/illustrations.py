"""Pictures of test images, as the page shows them. Light, so that a page without any needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A picture as base64 of a JPEG, and the lines below it."""

    data: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Examples:
    """The pictures of one column.

    Attributes:
        column: its label.
        key: of the outlines, name and color; empty where there are none.
        pictures: in the order of the test split.
    """

    column: str
    key: tuple[tuple[str, str], ...]
    pictures: tuple[Example, ...]
