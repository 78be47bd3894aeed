"""The benchmark's profiles: what its tables have in common in each, and where their natural images come from."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.tables.preset import Preset, Profile


@dataclass(frozen=True, kw_only=True)
class BenchmarkPreset(Preset):
    """A preset with the initializers that several of the tables compare.

    Attributes:
        natural: the initializer with weights from natural images, or from the formula-drawn images that stand in for
            them.
        natural_label: the label of the row of ``natural``, such as ``ImageNet``.
        adapted: the initializer whose weights begin as those of ``natural`` and were then trained further on the
            dataset ``{dataset}``.
    """

    natural: str
    natural_label: str
    adapted: str


PROFILES: dict[Profile, BenchmarkPreset] = {
    "phantom": BenchmarkPreset(
        edition="phantom",
        protocol="small",
        weights="trained here",
        backbone="tiny(width=8)",
        pretraining="phantom/pretraining",
        seeds=3,
        natural="fractals",
        natural_label="fractals",
        adapted='continual(fractals, on="{dataset}")',
    ),
    "smoke": BenchmarkPreset(
        edition="phantom",
        protocol="smoke",
        weights="trained here",
        backbone="tiny(width=8)",
        pretraining="phantom/smoke_pretraining",
        seeds=2,
        natural="fractals",
        natural_label="fractals",
        adapted='continual(fractals, on="{dataset}")',
    ),
    "paper": BenchmarkPreset(
        edition="real",
        protocol="paper",
        weights="published",
        backbone="resnet50",
        pretraining=None,
        seeds=10,
        natural="imagenet",
        natural_label="ImageNet",
        adapted='domain_adapted("{dataset}")',
    ),
}
