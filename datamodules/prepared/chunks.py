"""The samples that are stored together, decoded into a file for each form in which they are stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from datamodules.dataset.contract import Dataset
from datamodules.dataset.sample import Sample
from datamodules.files.resampling import resize, resize_mask
from datamodules.prepared.class_pixels import class_pixels
from datamodules.prepared.storage import (
    READABLE,
    WITH_MASK,
    WITH_VIEW,
    Pixels,
    pixel_digest,
    plane_digest,
    record,
)
from specs.errors import DataError
from specs.files import replacing, write_text
from specs.recipe import Form

AT_ONCE = 2**20
"""How many bytes of pixels are handed to the system together."""

Row = tuple[str, int, int, int, str, str, str, list[int], float | None]
"""Id, parts, height, width, digest of the image, digest of mask and field of view, why it is unreadable, how many
pixels of the mask show each class (-1 without a mask), and the value that marks them where all masks have to have the
same one."""


@dataclass(frozen=True)
class Chunk:
    """Samples that are stored together, sorted by id."""

    name: str
    samples: tuple[Sample, ...]


def write_chunk(dataset: Dataset, root: Path, folder: Path, chunk: Chunk, forms: Sequence[Form]) -> None:
    """Decode a chunk's samples, and publish it."""
    decoded_chunk(dataset, root, folder, chunk, forms, [])()


def wait(taken_in: list[Future[None]]) -> None:
    """Wait until the disk has taken in what it was given, and raise its error if it has not."""
    while taken_in:
        taken_in.pop().result()


def decoded_chunk(
    dataset: Dataset, root: Path, folder: Path, chunk: Chunk, forms: Sequence[Form], taken_in: list[Future[None]]
) -> Callable[[], None]:
    """Decode a chunk's samples into one unfinished file per form.

    Args:
        dataset: the dataset, which reads the files.
        root: the folder that holds the files.
        folder: the folder that the images are stored in.
        chunk: the samples and their name.
        forms: the sizes in which images are stored, each with its resampling.
        taken_in: what the disk was given before, for which this waits at the end.

    Returns:
        A function that finishes these files, and then writes the chunk's rows, which make it count as done.
    """
    rows: list[Row] = []
    with ExitStack() as stack:
        temporaries = [stack.enter_context(replacing(folder / f"{chunk.name}-{form}.bin")) for form in forms]
        files = [stack.enter_context(temporary.open("wb", buffering=AT_ONCE)) for temporary in temporaries]
        task = dataset.task
        unknown = [-1] * len(task.classes)
        for sample in chunk.samples:
            try:
                image, mask, view = _decode(dataset, root, sample)
                marked = unknown if mask is None else class_pixels(mask, task).tolist()
                # An empty mask has no value, and is not read once more for it.
                value = dataset.mask_value(root, sample) if mask is not None and any(marked) else None
            except DataError as error:
                rows.append((sample.id, 0, 0, 0, "", "", str(error), unknown, None))
                continue
            except OSError as error:  # of this image, and not of the place that is written to
                rows.append((sample.id, 0, 0, 0, "", "", f"the system does not let it be read: {error}", unknown, None))
                continue
            for form, file in zip(forms, files, strict=True):
                file.writelines(_record(image, mask, view, form))
            parts = WITH_VIEW if view is not None else WITH_MASK if mask is not None else READABLE
            digests = pixel_digest(image), plane_digest(mask, view)
            rows.append((sample.id, parts, *image.shape[:2], *digests, "", marked, value))
        wait(taken_in)
        unfinished = stack.pop_all()

    def publish() -> None:
        unfinished.close()
        write_text(folder / f"{chunk.name}.json", json.dumps(rows))

    return publish


def _decode(dataset: Dataset, root: Path, sample: Sample) -> tuple[Pixels, Pixels | None, Pixels | None]:
    """The image of a sample, its mask and its field of view, if there are any."""
    image = dataset.read_image(root, sample)
    if dataset.kind != "segmentation":
        return image, None, None
    mask, view = dataset.read_mask(root, sample), dataset.read_field_of_view(root, sample)
    for name, plane in (("mask", mask), ("field of view", view)):
        if plane is not None and plane.shape != image.shape[:2]:
            (rows, columns), (height, width) = plane.shape, image.shape[:2]
            raise DataError(
                f"{sample.id}: its {name} is {rows} x {columns} pixels, expected {height} x {width} as its image. Put "
                "the file of the same size in its place."
            )
    return image, mask, view


def _record(image: Pixels, mask: Pixels | None, view: Pixels | None, form: Form) -> Iterable[bytes]:
    size = form.size
    if size == "source":
        return record(image, mask, view)
    planes = [None if plane is None else resize_mask(plane, size, form.resampling) for plane in (mask, view)]
    return record(resize(image, size, form.resampling), *planes)
