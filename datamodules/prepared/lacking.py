"""One sentence on images that have no file, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.dataset.absent import is_there
from datamodules.files.names import near_name
from specs.quoting import LONGEST_PATH, plain

if TYPE_CHECKING:
    from datamodules.prepared.problems import Problem


def lacking(paths: Sequence[str], of: int) -> str:
    """A sentence on how many images have no file, with the first one, the nearest name beside it, and what to do.

    Args:
        paths: the paths of the files that are not there, one of each image.
        of: how many images there are in all.
    """
    near = near_name(Path(paths[0]))
    beside = f", beside which there is {plain(near, LONGEST_PATH)}" if near else ""
    return (
        f"{len(paths):,} of {of:,} images have no file, the first {plain(paths[0], LONGEST_PATH)}{beside}. Complete "
        'the dataset\'s folder or mend the names, or take what is there: missing="leave out".'
    )


def said_of(problems: Sequence[Problem], of: int, most: int) -> list[str]:
    """Lines on problems: first one line on all images without a file, then a line on each of the others.

    Args:
        problems: the problems of images.
        of: how many images there are in all.
        most: how many problems get a line of their own, at most.
    """
    gone = [one.path for one in problems if one.kind == "unreadable" and not is_there(Path(one.path))]
    others = [one for one in problems if one.path not in set(gone)]
    lines = [lacking(gone, of)] if gone else []
    lines += [
        f"{one.kind}: {plain(one.path, LONGEST_PATH)} ({plain(one.other, LONGEST_PATH)})" for one in others[:most]
    ]
    return [*lines, *([f"and {len(others) - most} more"] if len(others) > most else [])]
