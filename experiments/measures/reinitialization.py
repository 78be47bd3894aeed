"""How much of the score hangs on what each stage learned, such as ``reinitialization:layer1``."""

from __future__ import annotations

import torch
from torch.optim.swa_utils import update_bn

from experiments.measures.measuring.measure import Found, Measure, stages_of
from experiments.run.paths import Paths
from experiments.run.restored import Restored, before_training, restore
from experiments.run.retesting import device, score_on_test
from experiments.run.store import Record


def sensitivity(record: Record, paths: Paths) -> Found:
    """How far the test score falls when one stage's parameters are set back to their initial values.

    Source: layer re-initialization robustness, Zhang, Bengio and Singer 2022, section 3,
    https://arxiv.org/abs/1902.01996. The running statistics of batch norm belong to the weights that made them, so
    those of the whole network are estimated anew on the training images, for the network as trained too. They are kept
    if the recipe trains the head alone, which learned with the statistics that the backbone came with.

    Returns:
        The fall of the score by stage, in units of the score: 0 if the stage's training does not matter; ``intact`` is
        the score of the trained network.

    Raises:
        RunError: if the weights before or after training are not those of the run.
    """
    network = restore(record, paths)
    before = dict(before_training(record, paths).network.named_parameters())
    network.module.to(device())
    backbone = network.module.backbone
    trained = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    intact = _score(network)
    found: dict[str, float | None] = {}
    for stage in backbone.stages:
        network.module.load_state_dict(trained)
        with torch.no_grad():
            for name, parameter in backbone.network.named_parameters():
                if backbone.stage_of(name) == stage.name:
                    parameter.copy_(before[name])
        score = _score(network)
        found[stage.name] = None if intact is None or score is None else intact - score
    return found | {"intact": intact}


def _score(network: Restored) -> float | None:
    """The test score, after batch norm's statistics were estimated anew for the weights (see ``sensitivity``)."""
    module = network.module
    if not tuple(module.adaptation.resting(module.backbone)):  # else the run left statistics as they were
        update_bn((batch["image"].to(module.device) for batch in network.data.training_images()), module)
    return score_on_test(module, network.data)


def reinitialization() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="fall of the score", progress="stages re-initialized", compute=sensitivity, numbers=stages_of
    )
