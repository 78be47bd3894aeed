"""Where a split's pixels come from: the store that ``medtransfer prepare`` made, or the files themselves."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Protocol

from datamodules.dataset.altering import Altering
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.resampling import resize, resize_mask
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.storage import Extents, Stored
from specs.recipe import Form

MEMORY_LIMIT = 512 * 2**20
"""How many bytes of decoded images of a split are kept in memory; the rest is decoded each time."""


class Images(Protocol):
    """The pixels of a split in one form; what reads them from somewhere has these methods."""

    def __len__(self) -> int:
        """How many images there are."""
        ...

    @property
    def extents(self) -> Extents | None:
        """The sizes of all images, where they are known without reading them."""
        ...

    def read(self, numbers: Sequence[int]) -> list[Stored]:
        """The pixels of some samples, which must not be written to."""
        ...


class DecodedImages:
    """Images read from their files: once as far as they fit into ``MEMORY_LIMIT``, the others each time.

    Args:
        opened: the dataset whose images are read.
        split: the name of the split whose images are read.
        form: the size that images are brought to, and how they are resampled.
    """

    def __init__(self, opened: OpenDataset, split: Split, form: Form) -> None:
        self._dataset, self._root, self._samples = opened.dataset, opened.root, opened.index.split(split)
        self._form, self._prepared = form, opened.prepared
        self._kept: dict[int, Stored] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def extents(self) -> None:
        """The sizes are not known before the images are read, so None."""
        return

    def read(self, numbers: Sequence[int]) -> list[Stored]:
        """The pixels of some samples."""
        return [self._read(number) for number in numbers]

    def _read(self, number: int) -> Stored:
        stored = self._kept.get(number)
        if stored is None:
            stored = self._decoded(number)
            size = sum(plane.nbytes for plane in stored[:3] if plane is not None)
            if self._bytes + size <= MEMORY_LIMIT:
                self._bytes += size
                self._kept[number] = stored
        return stored

    def _decoded(self, number: int) -> Stored:
        sample, (size, resampling) = self._samples[number], self._form
        image = self._dataset.read_image(self._root, sample)
        height, width = image.shape[:2]
        mask = view = None
        if self._dataset.task.kind == "segmentation":
            mask = self._dataset.read_mask(self._root, sample)
            view = self._dataset.read_field_of_view(self._root, sample)
        if self._prepared is not None:
            self._prepared.check_unchanged(sample, image, mask, view, type(self._dataset).__name__)
        if size != "source":
            image = resize(image, size, resampling)
            mask = None if mask is None else resize_mask(mask, size, resampling)
            view = None if view is None else resize_mask(view, size, resampling)
        return Stored(image, mask, view, height, width)


class ShownImages:
    """Images of a dataset that alters what networks see of them (``Altering.shown``).

    Args:
        images: the images as they are stored or read.
        dataset: the dataset that alters them.
        split: the name of the split that they are shown in.
        samples: the samples of the split, in the order of the images.
    """

    def __init__(self, images: Images, dataset: Altering, split: Split, samples: Sequence[Sample]) -> None:
        self._images, self._dataset, self._split, self._samples = images, dataset, split, samples

    def __len__(self) -> int:
        return len(self._images)

    @property
    def extents(self) -> Extents | None:
        """The sizes of all images, which altering them does not change."""
        return self._images.extents

    def read(self, numbers: Sequence[int]) -> list[Stored]:
        """The pixels of some samples."""
        return [
            stored._replace(image=self._dataset.shown(stored.image, self._samples[number], self._split))
            for number, stored in zip(numbers, self._images.read(numbers), strict=True)
        ]


def images_of(opened: OpenDataset, split: Split, form: Form) -> Images:
    """A split's pixels as networks see them, from the store or from the files; see ``stored_images_of``."""
    images = stored_images_of(opened, split, form)
    if isinstance(opened.dataset, Altering):
        return ShownImages(images, opened.dataset, split, opened.index.split(split))
    return images


def stored_images_of(opened: OpenDataset, split: Split, form: Form) -> Images:
    """A split's pixels: from the store where it has this form, else from the files, with a warning if that is slow."""
    prepared, samples = opened.prepared, opened.index.split(split)
    name = type(opened.dataset).__name__
    if prepared is not None and str(form) in prepared.forms:
        return prepared.images(form, samples, name)
    pixels = 1024**2 if form.size == "source" else form.size**2
    if len(samples) * pixels * opened.dataset.channels > MEMORY_LIMIT:
        how = "--size source" if form.size == "source" else f"--size {form.size} --resampling {form.resampling}"
        warnings.warn(
            f"{name}: {len(samples)} {split} images are decoded at each epoch, since they are not prepared at this "
            f"size. `{opened.prepare} {how}` makes that many times faster.",
            stacklevel=2,
        )
    return DecodedImages(opened, split, form)
