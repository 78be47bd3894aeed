"""Train, validate and test on as many processes as torchrun starts, and print what came out as JSON.

``test_ranks.py`` compares two processes with one. The last sample comes twice, as padding samplers give it.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import torch

from lightning_modules.classification import ClassificationModule
from specs.card import UNIT
from specs.recipe import SGD
from specs.task import Task
from tests.lightning_modules.contract import Batch, loader, pyramid, recipe, trainer


def samples() -> Batch:
    """Seven samples; the first half has fewer labels, so that ranks see different numbers of them."""
    generator = torch.Generator().manual_seed(0)
    target = torch.randint(2, (7, 3), generator=generator).float()
    target[:3, 1:] = math.nan
    image = torch.randint(256, (7, 1, 16, 16), dtype=torch.uint8, generator=generator)
    return {"image": image, "index": torch.arange(7), "target": target}


def outcome(rank: int, ranks: int) -> dict[str, Any]:
    """What training one step on six samples, and evaluating seven, gives."""
    torch.manual_seed(0)
    module = ClassificationModule(
        pyramid(norm=False), Task("multilabel", ("a", "b", "c")), recipe(optimizer=SGD(1.0, momentum=0.0)), UNIT
    )
    everything = samples()
    mine = torch.arange(6).chunk(ranks)[rank]
    padded = torch.tensor([0, 1, 2, 3, 4, 5, 6, 6]).chunk(ranks)[rank]
    train = [{name: column[mine] for name, column in everything.items()}]
    evaluated = [{name: column[part] for name, column in everything.items()} for part in padded.split(3)]
    settings = {"devices": ranks, "strategy": "ddp"} if ranks > 1 else {}
    fitted = trainer(Path(), **settings)
    fitted.fit(module, loader(train), loader(evaluated))
    logged = {name: float(value) for name, value in fitted.callback_metrics.items()}
    trainer(Path(), **settings).test(module, loader(evaluated), verbose=False)
    rows = {name: column.tolist() for name, column in module.test_rows().items()}
    weights = {name: value.tolist() for name, value in module.state_dict().items()}
    return {"logged": logged, "index": rows["index"], "probabilities": rows["probabilities"], "weights": weights}


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = outcome(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    Path(f"{os.environ['OUTCOME']}.{os.environ['RANK']}").write_text(json.dumps(found))
