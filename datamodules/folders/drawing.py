"""Writing the phantom edition of a folder: drawn images in the layout that its arguments describe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datamodules.files.class_masks import by_colors, several
from datamodules.folders.channels import Channels
from datamodules.folders.grouping import of_ages
from datamodules.folders.labelling import Labelling
from datamodules.folders.masking import Masking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COUNT = 120
"""How many images are drawn, two of each patient."""

SIZE = 48
"""Height and width of the drawn images, in pixels."""


class Layout(NamedTuple):
    """The files that a phantom edition has, and where they lie.

    Attributes:
        labelling: the columns of tables, and the words in their cells.
        channels: the number of channels of the images.
        files: the rule by which several files are the channels of one image.
        tables: the file names of the tables; where there are several, each holds the rows of its split.
        images: the folder of the images, under the root.
        masking: where masks are, and what marks which class.
        by_split: whether class folders are in folders of splits.
        groups: the columns of groups of patients.
    """

    labelling: Labelling
    channels: int
    files: Channels
    tables: tuple[str, ...]
    images: str
    masking: Masking
    by_split: bool
    groups: tuple[str, ...] = ()


def draw(root: Path, layout: Layout) -> None:
    """Write the images, their masks, and tables."""
    import numpy as np
    from PIL import Image

    from datamodules.phantoms.phantom_images import lungs, texture

    labelling = layout.labelling
    lines: list[list[str]] = []
    for place in range(COUNT):
        generator = np.random.default_rng([5, place])
        patient = place // 2
        shown = patient % max(2, len(labelling.classes))
        name = f"{_folder(layout, shown, patient)}/{layout.masking.image_affix.of(f'{place:03d}')}.png"
        if labelling.kind == "segmentation":
            drawn, left, right = lungs(generator, SIZE)
            for mask_path, mask in _masks(root, layout.masking, f"{place:03d}", left, right):
                mask_path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(mask).save(mask_path)
            image = drawn if layout.channels == 1 else np.repeat(drawn[..., None], layout.channels, axis=2)
        else:
            image = texture(generator, SIZE, shown, layout.channels)
        _save(root, layout.files.files(name), image)
        rest = [*people_cells(labelling, patient), *_groups(layout, patient)]
        lines += [[name, *cells, *rest] for cells in label_cells(labelling, shown)]
    if labelling.mode != "folders" and (
        labelling.kind != "segmentation"
        or labelling.patient
        or labelling.split
        or layout.groups
        or layout.tables != ("labels.csv",)
    ):
        named = (labelling.patient, labelling.split, labelling.reader)
        columns = [labelling.image, *labelling.columns, *filter(None, named), *layout.groups]
        write_rows(root, layout.tables, columns, lines)


def _masks(
    root: Path, masking: Masking, stem: str, left: NDArray[np.uint8], right: NDArray[np.uint8]
) -> Iterator[tuple[Path, NDArray[np.uint8]]]:
    """The masks of drawn lungs: the left one is the first class, the right one the second; of one class both are."""
    import numpy as np

    (folder, affix), *_ = masking.places
    if len(masking.classes) == 1:
        yield root / folder / f"{affix.of(stem)}.png", (left | right) * np.uint8(255)
    elif len(masking.places) > 1:
        for place, (folder, affix) in enumerate(masking.places):
            drawn = (left, right)[place] if place < 2 else np.zeros_like(left)
            yield root / folder / f"{affix.of(stem)}.png", drawn * np.uint8(255)
    else:
        numbers = (several(one)[0] for one in (masking.values or (1, 2))[:2])
        marks = [int(one[1:], 16) if isinstance(one, str) else one for one in numbers]
        values = (left > 0) * marks[0] + (right > 0) * marks[1]
        channels = [values >> 16 & 255, values >> 8 & 255, values & 255] if by_colors(masking.values) else [values]
        yield root / folder / f"{affix.of(stem)}.png", np.squeeze(np.stack(channels, axis=-1)).astype(np.uint8)


def _save(root: Path, names: Sequence[str], image: NDArray[np.uint8]) -> None:
    """Write an image into one file, or each channel into its own, all but the first the darker the later they come."""
    from PIL import Image

    (root / names[0]).parent.mkdir(parents=True, exist_ok=True)
    if len(names) == 1:
        Image.fromarray(image).save(root / names[0])
        return
    for number, name in enumerate(names):
        darker = image[..., number] * (1 - number / (2 * len(names)))
        Image.fromarray(darker.round().astype(image.dtype)).save(root / name)


def _folder(layout: Layout, shown: int, patient: int) -> str:
    labelling = layout.labelling
    if labelling.mode != "folders":
        return layout.images
    names = (*labelling.words.negative, *labelling.classes) if labelling.kind == "binary" else labelling.classes
    return f"{_split(patient)}/{names[shown]}" if layout.by_split else names[shown]


def _split(patient: int) -> str:
    return ("train", "train", "val", "test")[patient // 5 % 4]


def people_cells(labelling: Labelling, patient: int) -> list[str]:
    """The cells of patient, split and reader."""
    columns = (labelling.patient, f"p{patient}"), (labelling.split, _split(patient)), (labelling.reader, "R1")
    return [cell for column, cell in columns if column]


def _groups(layout: Layout, patient: int) -> list[str]:
    """The cells of the columns of groups: ages from 20 to 79 years, and two groups of everything else."""
    return [f"{20 + patient % 60}" if of_ages(column) else "FM"[patient % 2] for column in layout.groups]


def label_cells(labelling: Labelling, shown: int) -> Iterator[list[str]]:
    """The label cells of an image: a list for each of its rows."""
    classes, words = labelling.classes, labelling.words
    if labelling.kind == "segmentation":
        yield []
    elif len(labelling.columns) > 1 or (labelling.kind == "multilabel" and labelling.mode == "cells"):
        yield [str(int(shown == one)) for one in range(len(classes))]
    elif labelling.kind == "binary":
        named = (*words.negative[:1], *words.positive[:1]) if words.negative and words.positive else ("0", "1")
        yield from [[named[shown]]] * (2 if labelling.mode == "rows" else 1)
    else:
        yield from [[classes[shown]]] * (2 if labelling.mode == "rows" else 1)


def write_rows(root: Path, tables: Sequence[str], columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Write the rows into one table, or into several, each with an equal share of them."""
    share = -(-len(lines) // len(tables))
    for number, name in enumerate(tables):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([columns, *lines[number * share : (number + 1) * share]])
        (root / name).write_text(text.getvalue(), encoding="utf-8")
