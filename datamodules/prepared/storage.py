"""Reading what ``medtransfer prepare`` stored of a dataset: decoded, resized uint8 images in memory-mapped files.

A folder holds ``manifest.npz`` and, for each chunk of samples, one file of rows and one file of pixels per form. A
record is the image, then the mask and the field of view where there are any; records follow each other by id.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datamodules.dataset.sample import Sample
from datamodules.files.arrays import UNREADABLE, read_array
from datamodules.prepared.folders import MANIFEST
from specs.errors import DataError
from specs.quoting import plain
from specs.recipe import Form

Pixels = NDArray[np.uint8]
READABLE, WITH_MASK, WITH_VIEW = 1, 2, 3
"""What a record holds: the image; also the mask; also the field of view. 0 is for a file that could not be read."""


class Stored(NamedTuple):
    """The pixels of a sample.

    Attributes:
        image: (h, w), or (h, w, C) of C channels, uint8.
        mask: (h, w) uint8, 0, the number of a class or ``IGNORED``, or None.
        view: the field of view, (h, w) uint8 in {0, 1}, or None.
        height: the height of the original image, in pixels.
        width: the width of the original image, in pixels.
    """

    image: Pixels
    mask: Pixels | None
    view: Pixels | None
    height: int
    width: int


class Extents(NamedTuple):
    """The sizes of images, original and stored.

    Attributes:
        original: (n, 2) heights and widths of the images as the files have them, in pixels.
        stored: (n, 2) heights and widths of the images as they are stored, in pixels.
    """

    original: NDArray[np.int64]
    stored: NDArray[np.int64]

    def of(self, numbers: NDArray[np.int64]) -> Extents:
        """The sizes of some of the images."""
        return Extents(self.original[numbers], self.stored[numbers])


def extents_of(stored: Sequence[Stored]) -> Extents:
    """The sizes of images that have been read."""
    original = [(one.height, one.width) for one in stored]
    return Extents(np.array(original), np.array([one.image.shape[:2] for one in stored]))


class Prepared:
    """A prepared dataset, by its manifest: what is stored of each sample, and where.

    Attributes:
        folder: where it is.
        ids: the ids of all samples, sorted, as UTF-8 bytes.
        parts: what each sample's record holds.
        shapes: (N, 2) heights and widths of the original images.
        foreground: (N, K) pixels of each original mask that show each class; -1 where there is no mask.
        mask_values: (N,) the stored value that marks the foreground of a mask, where all masks of the dataset have to
            have the same one; else NaN.
        digests: (N, 2, 32) sha256 of each sample's original image, and of its mask and field of view.
        chunk: (N,) the number of each sample's chunk.
        chunks: the names of the chunks, in the order of their numbers.
        channels: the number of channels of the images; 1 is grayscale, 3 is RGB.
        forms: the forms in which images are stored, as text, such as ``224-antialiased``.
        unreadable: why samples could not be read, by the id of the sample.
        own_content: the dataset's own digest of its files when it was prepared; empty where it has none.
        prepare: the command line that prepares the dataset, for messages.
    """

    def __init__(self, folder: Path, prepare: str = "medtransfer prepare EXPR") -> None:
        path, self.prepare = folder / MANIFEST, prepare
        try:
            self.folder = folder
            self.ids: NDArray[np.bytes_] = read_array(path, "ids")
            self.parts: NDArray[np.int8] = read_array(path, "parts")
            self.shapes: NDArray[np.int64] = read_array(path, "shapes")
            self.foreground: NDArray[np.int64] = read_array(path, "foreground")
            self.mask_values: NDArray[np.float64] = read_array(path, "mask_values")
            self.digests: Pixels = read_array(path, "digests")
            self.chunk: NDArray[np.int64] = read_array(path, "chunk")
            about = json.loads(str(read_array(path, "about")))
            self.chunks: list[str] = about["chunks"]
            self.channels: int = about["channels"]
            self.forms: list[str] = about["forms"]
            self.unreadable: dict[str, str] = about["unreadable"]
            self.own_content: str = about["own_content"]
        except (*UNREADABLE, KeyError, TypeError, RecursionError) as error:
            raise DataError(
                f"{path} cannot be read ({plain(error, 200)}). Delete it and prepare the dataset again."
            ) from error

    @classmethod
    def find(cls, folder: Path, prepare: str = "medtransfer prepare EXPR") -> Prepared | None:
        """The prepared dataset in a folder, or None if there is none; ``prepare`` is the command that makes it."""
        return cls(folder, prepare) if (folder / MANIFEST).is_file() else None

    def rows(self, samples: Sequence[Sample], dataset: str) -> NDArray[np.int64]:
        """The rows of the manifest for samples, in their order.

        Raises:
            DataError: if some are not in it.
        """
        wanted = np.array([sample.id.encode() for sample in samples])
        found = np.searchsorted(self.ids, wanted)
        there = found < len(self.ids)
        there[there] = self.ids[found[there]] == wanted[there]
        if not there.all():
            absent = samples[int(np.flatnonzero(~there)[0])].id
            raise DataError(
                f"{dataset}: {int((~there).sum())} images, such as {absent}, were not there when it was prepared. "
                f"Do this again, which does only what is missing: {self.prepare}"
            )
        return found

    def content(self, samples: Sequence[Sample], dataset: str) -> str:
        """The digest of the original pixels of samples, in order, and of which of them are unreadable."""
        rows = self.rows(samples, dataset)
        total = hashlib.sha256(self.digests[rows].tobytes())
        total.update(self.parts[rows].tobytes())
        return total.hexdigest()

    def check_unchanged(
        self, sample: Sample, image: Pixels | None, mask: Pixels | None, view: Pixels | None, dataset: str
    ) -> None:
        """Refuse pixels that are not those that the dataset was prepared with.

        Args:
            sample: the sample whose pixels these are.
            image: the image as its file has it; None if it is not compared.
            mask: the mask as its file has it; None where there is none.
            view: the field of view as its file has it; None where there is none.
            dataset: the name of the dataset, for messages.

        Raises:
            DataError: if they differ, since the run's key stands for what was prepared.
        """
        (row,) = self.rows([sample], dataset)
        known = [digest.tobytes().hex() for digest in self.digests[row]]
        if plane_digest(mask, view) != known[1] or (image is not None and pixel_digest(image) != known[0]):
            raise DataError(
                f"{dataset}: the files of {sample.id} are not those that it was prepared with. Do this again: "
                f"{self.prepare}"
            )

    def images(self, form: Form, samples: Sequence[Sample], dataset: str) -> PreparedImages:
        """The pixels of samples in one of the forms."""
        return PreparedImages(self, form, self.rows(samples, dataset))


class PreparedImages:
    """The pixels of some samples of a prepared dataset, read through memory maps, whose pages the system can drop.

    Args:
        prepared: the prepared dataset that holds the images.
        form: the form that is read, one of those that are stored.
        rows: (n,) the samples' places in the manifest.
    """

    def __init__(self, prepared: Prepared, form: Form, rows: NDArray[np.int64]) -> None:
        self._size, self._channels = form.size, prepared.channels
        sizes = record_sizes(form, prepared.parts, prepared.shapes, prepared.channels)
        order = np.argsort(prepared.chunk, kind="stable")
        ends = np.cumsum(sizes[order])
        starts = np.empty(len(sizes), np.int64)
        starts[order] = ends - sizes[order]
        bounds = np.searchsorted(prepared.chunk[order], np.arange(len(prepared.chunks) + 1))
        totals = np.concatenate([[0], ends])
        first = totals[bounds[:-1]]
        lengths = totals[bounds[1:]] - first
        self._maps = [
            _mapped(prepared.folder / f"{name}-{form}.bin", int(length))
            for name, length in zip(prepared.chunks, lengths, strict=True)
        ]
        self._chunk = prepared.chunk[rows]
        self._start = starts[rows] - first[self._chunk]
        self._parts, self.shapes = prepared.parts[rows], prepared.shapes[rows]

    def __len__(self) -> int:
        return len(self._chunk)

    @property
    def extents(self) -> Extents:
        """The sizes of all images."""
        size = self._size
        return Extents(self.shapes, self.shapes if size == "source" else np.full_like(self.shapes, size))

    def read(self, numbers: Sequence[int]) -> list[Stored]:
        """The pixels of some samples; the arrays are views of the files and cannot be written to."""
        rows = np.asarray(numbers)
        places = zip(self._chunk[rows].tolist(), self._start[rows].tolist(), self._parts[rows].tolist(), strict=True)
        found = []
        for (chunk, start, parts), (height, width) in zip(places, self.shapes[rows].tolist(), strict=True):
            h, w = (height, width) if self._size == "source" else (self._size, self._size)
            pixels, area = self._maps[chunk], h * w
            end = start + area * self._channels
            image = pixels[start:end].reshape((h, w) if self._channels == 1 else (h, w, self._channels))
            mask = pixels[end : end + area].reshape(h, w) if parts >= WITH_MASK else None
            view = pixels[end + area : end + 2 * area].reshape(h, w) if parts >= WITH_VIEW else None
            found.append(Stored(image, mask, view, height, width))
        return found


def _mapped(path: Path, length: int) -> Pixels:
    """The bytes of a file of a known length."""
    try:
        found = path.stat().st_size
        if found == length:
            if not length:
                return np.empty(0, np.uint8)
            with path.open("rb") as file:
                return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}). Prepare the dataset again.") from error
    raise DataError(f"{path} has {found} bytes, expected {length}. Prepare the dataset again.")


def pixel_digest(image: Pixels) -> str:
    """The sha256 of an image's shape and bytes, in hexadecimal."""
    digest = hashlib.sha256(f"{image.shape}".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def plane_digest(mask: Pixels | None, view: Pixels | None) -> str:
    """The sha256 of a mask's and a field of view's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    for plane in (mask, view):
        if plane is not None:
            digest.update(np.ascontiguousarray(plane).data)
    return digest.hexdigest()


def record(image: Pixels, mask: Pixels | None, view: Pixels | None) -> Iterable[bytes]:
    """The bytes of one record."""
    return [np.ascontiguousarray(part).tobytes() for part in (image, mask, view) if part is not None]


def record_sizes(form: Form, parts: NDArray[np.int8], shapes: NDArray[np.int64], channels: int) -> NDArray[np.int64]:
    """The number of bytes of each record, (N,).

    Args:
        form: the size in which the images are stored.
        parts: (N,) what the records hold, as ``Prepared.parts``.
        shapes: (N, 2) heights and widths of the original images, in pixels.
        channels: the number of channels of the images, from 1 on.
    """
    pixels = shapes.reshape(-1, 2).prod(axis=1) if form.size == "source" else np.full(len(parts), form.size**2)
    sizes: NDArray[np.int64] = pixels * np.where(parts > 0, channels + parts - 1, 0)
    return sizes
