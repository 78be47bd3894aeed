"""Domain-adapted: the benchmark's own ResNet-50 weights, trained on chest x-rays (Hosseinzadeh Taher et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from initializers.publishing.publishing import Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card

FILES = {
    ("chestxray14", "random"): "chestxray14.pth.tar",
    ("chestxray14", "imagenet"): "ImageNet_chestxray14.pth.tar",
    ("chexpert", "random"): "chexpert.pth.tar",
    ("chexpert", "imagenet"): "ImageNet_chexpert.pth.tar",
}


@dataclass(frozen=True)
class DomainAdapted(Published):
    """Published weights of supervised training on chest x-rays, from random weights or after ImageNet.

    Attributes:
        on: the dataset of chest x-rays that the weights were trained on.
        start: the weights that this training began with.
    """

    on: Literal["chestxray14", "chexpert"]
    start: Literal["random", "imagenet"] = "imagenet"

    title: ClassVar[str] = "{start:initializers}, then {on:datasets}, as published"

    @property
    def file(self) -> PublishedFile:
        """The file that the authors published."""
        name = FILES[self.on, self.start]
        return PublishedFile(
            name=name,
            page="https://zenodo.org/records/5205234",
            url=f"https://zenodo.org/records/5205234/files/{name}?download=1",
        )

    def card(self) -> Card:
        """The card of weights that learned the labels of chest x-rays; no licence of the weights is published."""
        return Card(
            method="supervised",
            source=self.file.url,
            licence="not stated",
            paper="Hosseinzadeh Taher et al. 2021, https://arxiv.org/abs/2108.05930",
            training_data=(self.on, *(("imagenet",) if self.start == "imagenet" else ())),
            normalization=IMAGENET,
        )
