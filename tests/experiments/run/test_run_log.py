"""The line of an epoch in a run's log."""

from __future__ import annotations

import logging
import math

import pytest
import torch

from experiments.run import run_log


def test_what_is_undefined_on_the_validation_images_is_left_out_and_a_training_that_diverged_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(record.getMessage()))
    logger = logging.getLogger(run_log.__name__)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        values = {"validation_metric": 0.5, "validation_loss": math.nan, "train_loss": math.nan}
        run_log.log_epoch(3, 4, values, 0.1, 12.0, torch.device("cpu"))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    (line,) = lines
    assert line.startswith("epoch 3 of at most 4: validation metric 0.5, train loss nan, learning rate 0.1, 12 images")
