"""One image of a dataset, without its pixels."""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """A labelled image of a dataset.

    Attributes:
        id: the image's name, unique within the dataset; it is part of the identity of runs.
        patient: the id of the patient whom the image shows; equal to ``id`` where the dataset does not say.
        target: the labels. Multilabel and binary: 0, 1 or NaN (not labelled) per class, and -1 for an uncertain label
            that ``Dataset.training_target`` softens; multiclass: the class's number; segmentation: 1 or 0 for each
            class, whether label files say that it is there, empty where they do not say.
        source: where its pixels are, in the dataset's own terms, such as a path under the dataset's folder.
    """

    id: str
    patient: str
    target: tuple[float, ...]
    source: str
