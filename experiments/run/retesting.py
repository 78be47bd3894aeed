"""Testing a network outside a run's own test: after its weights were changed, or once more."""

from __future__ import annotations

import pyarrow as pa
import torch

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.evaluation import prediction_table, scores
from lightning_modules.supervised import SupervisedModule


def device() -> str:
    """Where networks are measured: the GPU if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@torch.inference_mode()
def predictions(module: SupervisedModule, data: ImageDataModule) -> pa.Table:
    """What a network predicts of the test split, as ``prediction_table`` holds it."""
    was = module.training
    module.eval()
    module.on_test_epoch_start()
    for number, batch in enumerate(data.test_dataloader()):
        module.test_step(module.transfer_batch_to_device(batch, module.device, 0), number)
    module.train(was)
    return prediction_table(data.task, data.index_of("test"), module.test_rows())


def score_on_test(module: SupervisedModule, data: ImageDataModule) -> float | None:
    """The task's own score on the test split, in [0, 1]; None where it is undefined."""
    return next(iter(scores(data.task, predictions(module, data)).values()))
