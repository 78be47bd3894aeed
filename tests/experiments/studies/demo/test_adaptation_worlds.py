"""Worlds in which one adaptation is right by construction: the comparison says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.session.session import Session

GLYPHS = 'planted("features", "source")'
"""Images of eight glyphs by their names: what the first target needs, and what the second one does not."""


def advised(tmp_path: Path, dataset: str, recipe: str) -> str:
    """The first sentence of the comparison of a probe with full fine-tuning, both of the same weights."""
    rows = [f"Probed = supervised('{GLYPHS}') by probe", f"Tuned = supervised('{GLYPHS}') by full"]
    session = Session(tmp_path, wandb="disabled")
    made = session.compare(
        dataset, rows, backbone="tiny(width=4)", recipe=recipe, pretraining="demo/source", learning_rates=(2e-3, 5e-3)
    )
    assert made.recommendation is not None
    return made.recommendation[0]


@pytest.mark.slow
def test_few_labels_on_features_that_are_right_ask_for_a_probe(tmp_path: Path) -> None:
    """Of 24 labelled images: a probe has about 92, full fine-tuning 81 points."""
    said = advised(tmp_path, 'planted("features", "target", fraction=0.1)', "demo/few")
    assert said.startswith("Start from Probed: on these images no other")


@pytest.mark.slow
def test_features_that_miss_what_matters_ask_for_full_fine_tuning(tmp_path: Path) -> None:
    """Bright and dark blobs are no glyphs: a probe has about 57, full fine-tuning 97 points."""
    said = advised(tmp_path, 'planted("plenty", "target")', "demo/plenty")
    assert said.startswith("Start from Tuned: on these images no other")
