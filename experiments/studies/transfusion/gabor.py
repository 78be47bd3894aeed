"""Transfusion, appendix: the bank of synthetic Gabor filters that the hybrids begin with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from experiments.run.paths import Paths
from experiments.tables.preset import Profile
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis, Runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

COUNT = 64
"""The number of filters, which is that of ResNet-50's first convolution."""

SIZES = (7, 5, 3)
"""Heights and widths of filters in pixels, those of the first convolutions of the study's networks.

ResNet-50 and most CBR networks have 7, CBR-Tiny 5, and the ResNet of the phantom profile 3.
"""


def gabor(profile: Profile = "phantom") -> RunAnalysis:
    """The filters are given by a formula, so all profiles show the same ones; frequencies and widths are *assumed*."""
    return RunAnalysis(
        title="The bank of synthetic Gabor filters",
        question="What does a network with a synthetic first layer begin with?",
        edition="real",  # the filters need no data, so nothing here is synthetic
        networks=None,
        analyze=_analyze,
    )


def _analyze(runs: Runs, paths: Paths) -> AnalysisResult:
    from initializers.gabor import BANDWIDTH, FREQUENCIES

    frequencies = ", ".join(f"{frequency:g}" for frequency in FREQUENCIES)
    return AnalysisResult(
        header=("size", "filters", "frequencies, cycles a pixel", "bandwidth, octaves"),
        rows=[(f"{size} x {size}", str(COUNT), frequencies, f"{BANDWIDTH:g}") for size in SIZES],
        notes=(
            "Real and imaginary parts over a grid of orientations and frequencies, the same for every input channel, "
            "scaled by one number to the root mean square of learned filters, or of the random ones that they replace; "
            "the paper's own values are not known. At 3 pixels the lowest frequencies are hardly more than slopes.",
        ),
        draw=partial(_draw, SIZES),
    )


def _draw(sizes: tuple[int, ...]) -> Drawing:
    from matplotlib.figure import Figure as Drawing

    from experiments.studies.transfusion.figure_5 import mosaic
    from initializers.gabor import gabor_bank

    drawing = Drawing(figsize=(7.5, 2.8), layout="constrained")
    for number, size in enumerate(sizes):
        axes = drawing.add_subplot(1, len(sizes), number + 1)
        bank = gabor_bank(COUNT, size).numpy()
        axes.imshow(mosaic(bank), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(f"{size} x {size} pixels", fontsize=8)
        axes.axis("off")
    return drawing
