"""A version of one kind of task enters the keys of fine-tunings on that kind, and no other key."""

from __future__ import annotations

from pathlib import Path

from experiments.run.resolve import Resolver
from tests.experiments.smoke import paths_in, spec


def test_only_a_fine_tuning_on_masks_says_how_a_decoder_starts(tmp_path: Path) -> None:
    resolver = Resolver(paths_in(tmp_path))
    masks = resolver.resolve(spec('ssl("byol", on="drive")', "drive"))
    (pretrained,) = masks.requires  # on the same dataset, without its masks
    classes = resolver.resolve(spec())
    assert masks.identity["task"] == 2
    assert "task" not in pretrained.identity and "task" not in classes.identity
