"""What was planted in a table of drawn data, and what its tests said of it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.survival import median_duration
from analysis.truth import OF_STEPS, Judgement, Verdict, judged, overall
from experiments.reporting.blocks.building.block import Block, Evidence, Judged, Picture
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.convergence import steps_of
from experiments.reporting.text.asked import claim_text
from experiments.reporting.text.phrases import p_stated
from experiments.tables.document import TableDocument
from experiments.tables.planted import Planted
from specs.registry import DATASETS

if TYPE_CHECKING:
    from datamodules.dataset.contract import Dataset

SHOWN = 5
"""The number of images that are shown of each part of a world."""

GAP, ENLARGED = 2, 3
"""The number of pixels between two images, and the factor by which each pixel is enlarged."""


def planted() -> Kind:
    """The block of tables of planted worlds."""
    return Kind(order=12, tell=_tell, part=Planted, gather=_gather, check=_check)


def _gather(gathering: Gathering) -> Planted | None:
    return gathering.table.planted


def _check(document: TableDocument) -> None:
    part, rows = document.part(Planted), dict(document.rows)
    for claim in part.claims if part else ():
        if not {claim.row, claim.than} <= set(rows):
            raise ValueError(f'a claim compares "{claim.row}" with "{claim.than}"; expected rows of the table')


def judgements(document: TableDocument) -> tuple[Judgement, ...]:
    """The verdict of the tests on each planted claim; empty where nothing was planted."""
    part = document.part(Planted)
    if part is None:
        return ()
    (column, _), *_ = document.columns
    rows = [row for row, _ in document.rows]
    return judged(
        part.claims,
        {row: document.cells[row, column].values for row in rows},
        {row: steps_of(document, (row, column)) for row in rows},
        document.level,
    )


def verdict_of(document: TableDocument) -> Verdict | None:
    """The verdict of the tests on all planted claims together; None where nothing was planted."""
    return overall(judgements(document)) if document.part(Planted) else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(Planted)
    if part is None:
        return
    found = judgements(document)
    evidence = tuple(
        Evidence(claim_text(one.claim), _evidence(document, one), one.verdict, one.verdict) for one in found
    )
    verdict = overall(found)
    world = Judged(
        title=document.title,
        source="",
        text=f"Planted: {part.sentence}",
        verdict=verdict,
        word=verdict,
        evidence=evidence,
        pictures=tuple(
            Picture(partial(strip, dataset), "png", (caption,), caption) for caption, dataset in part.pictures
        ),
    )
    note = (
        "Each world is drawn so that the right answer is known, and all images are synthetic. Recovered: the tests "
        "state what was planted (t-tests, two one-sided t-tests for equality, permuted log-rank tests for steps; "
        f"{document.level:.2g} level, Holm over these claims). Wrong: they state the opposite. Undecided: neither. p "
        "belongs to the test that states what was planted or, for a row and its control, to the test of a difference."
    )
    yield Block(title="What was planted, and what was found", place="head", judged=(world,), notes=(note,))


def _evidence(document: TableDocument, judgement: Judgement) -> str:
    """The means or median steps of both rows, and the p-value of the test behind the verdict, as text."""
    claim, (column, _) = judgement.claim, document.columns[0]
    p_value = judgement.p_against if judgement.verdict == "wrong" else judgement.p_for
    if claim.kind == "not different":
        p_value = judgement.p_against
    shown = []
    for row in (claim.row, claim.than):
        if claim.kind in OF_STEPS:
            steps = steps_of(document, (row, column))
            median = median_duration(steps) if steps else None
            limit = "" if median is None or median.reached else "more than "
            shown.append("no runs" if median is None else f"{limit}{median.time:,.0f}")
        else:
            of = document.result((row, column))
            shown.append("no runs" if of is None else f"{100 * of.summary.mean:.2f}")
    unit = " steps" if claim.kind in OF_STEPS else ""
    return f"{shown[0]} beside {shown[1]}{unit}, {p_stated(p_value)}"


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
