"""What the datasets of diabetic retinopathy share: the five grades, and how their tables are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.files.tables import rows
from datamodules.labels.label_files import inside, number, once
from specs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

GRADES = ("no retinopathy", "mild", "moderate", "severe", "proliferative")
"""The International Clinical Diabetic Retinopathy scale, 0 to 4 (Wilkinson et al. 2003)."""

GRADING = Task("multiclass", GRADES, positives=GRADES[2:])
"""Five grades, scored by the AUC of referable retinopathy: moderate or worse (Raghu et al. 2019, section 2)."""


def graded(path: Path, image: str, grade: str) -> Iterator[tuple[int, str, float]]:
    """The line number, the image's name and the grade, 0 to 4, of every row of a table.

    Args:
        path: the path of the table.
        image: the name of the column of images.
        grade: the name of the column of grades.

    Raises:
        DataError: names file and line of a row that does not fit.
    """
    seen: set[str] = set()
    for line, (name, cell) in rows(path, (image, grade)):
        name = inside(name, path, line)
        once(seen, name, path, line)
        yield line, name, number(cell, range(len(GRADES)), path, line, grade)


def drawn(generator: Generator, size: int, grade: int) -> NDArray[np.uint8]:
    """A fundus-like image with more lesions the higher the grade; for phantom editions."""
    from datamodules.phantoms.phantom_images import fundus

    return fundus(generator, size, lesions=4 * grade)[0]
