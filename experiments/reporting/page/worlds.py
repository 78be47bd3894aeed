"""The planted worlds of a page: what each looks like, what is true in it, and what the tests said."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.truth import Verdict
from experiments.reporting.text.verdicts import Judged, judged_claims, verdict_of
from experiments.tables.document import TableDocument
from specs.registry import DATASETS

if TYPE_CHECKING:
    from datamodules.dataset.contract import Dataset

SHOWN = 5
"""Images of each part."""

GAP, ENLARGED = 2, 3
"""Pixels between two images, and by how much each pixel is enlarged."""


@dataclass(frozen=True)
class World:
    """What the page says of one world.

    Attributes:
        name: of its section on the page.
        title: of the table.
        verdict: over all claims.
        sentence: what was planted.
        claims: each in words, with its verdict.
        pictures: a caption and a PNG in base64 for each part.
    """

    name: str
    title: str
    verdict: Verdict
    sentence: str
    claims: Sequence[Judged]
    pictures: Sequence[tuple[str, str]]


def planted_worlds(documents: Sequence[TableDocument]) -> list[World]:
    """A world for each table in which something was planted."""
    found = []
    for document in documents:
        verdict = verdict_of(document)
        if document.planted is None or verdict is None:
            continue
        pictures = [(caption, strip(dataset)) for caption, dataset in document.planted.pictures]
        sentence = document.planted.sentence
        found.append(World(document.name, document.title, verdict, sentence, judged_claims(document), pictures))
    return found


def strip(expression: str) -> str:
    """The first test images of a generated grayscale dataset side by side, as a PNG in base64.

    Raises:
        ValueError: if the dataset's images are not made by a formula; those of patients are not shown unasked.
    """
    from PIL import Image

    dataset: Dataset = DATASETS.build(expression)
    if not dataset.generated:
        raise ValueError(f"{expression} is not made by a formula, so its images are not shown here")
    samples = dataset.index(Path()).test[:SHOWN]
    images = [dataset.read_image(Path(), sample) for sample in samples]
    height = max(image.shape[0] for image in images)
    gap = np.full((height, GAP), 255, np.uint8)
    parts = [part for image in images for part in (image, gap)][:-1]
    large = np.kron(np.hstack(parts), np.ones((ENLARGED, ENLARGED), np.uint8))
    file = io.BytesIO()
    Image.fromarray(large.astype(np.uint8)).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
