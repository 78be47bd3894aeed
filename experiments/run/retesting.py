"""Testing the network of a finished run again, with its own or changed weights."""

from __future__ import annotations

import pyarrow as pa
import torch

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.predictions import prediction_table, scores
from lightning_modules.supervised import SupervisedModule


def device() -> str:
    """The device on which networks are measured: the GPU if there is one, else the CPU."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@torch.inference_mode()
def predictions(module: SupervisedModule, data: ImageDataModule) -> pa.Table:
    """The predictions of a network on the test split, as ``prediction_table`` holds them."""
    was = module.training
    module.eval()
    module.on_test_epoch_start()
    for number, batch in enumerate(data.test_dataloader()):
        module.test_step(module.transfer_batch_to_device(batch, module.device, 0), number)
    module.train(was)
    return prediction_table(data.task, data.index_of("test"), module.test_rows())


def score_on_test(module: SupervisedModule, data: ImageDataModule) -> float | None:
    """The score that the task is judged by on the test split, in [0, 1]; None where it is undefined."""
    return next(iter(scores(data.task, predictions(module, data)).values()))
