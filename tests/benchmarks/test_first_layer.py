"""The drawn images of four channels show what their tasks say, and nothing else tells the classes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.first_layer import SUFFIXES, Task, draw, drawn
from datamodules.folder import Folder


@pytest.mark.parametrize(("task", "channel"), [("one channel", 3), ("difference", 0)])
def test_the_finding_is_in_the_channel_of_its_task_alone(task: Task, channel: int) -> None:
    with_it, without = (drawn(np.random.default_rng(3), task, found) for found in (True, False))
    changed = [place for place in range(4) if (with_it[place] != without[place]).any()]
    assert changed == [channel]
    assert (with_it[channel].astype(int) >= without[channel]).all()


def test_half_of_the_images_of_each_split_show_it(tmp_path: Path) -> None:
    draw(tmp_path, "difference", images=6)
    with (tmp_path / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    for split in ("train", "validation", "test"):
        assert [row["positive"] for row in rows if row["split"] == split] == ["0", "1"] * 3
    dataset = Folder(split="split", channel_suffixes=SUFFIXES)
    assert dataset.read_image(tmp_path, dataset.index(tmp_path).test[0]).shape == (64, 64, 4)
