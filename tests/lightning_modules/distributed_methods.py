"""Every method's loss and gradients on one global batch, by as many processes as are asked for.

    python -m tests.lightning_modules.distributed_methods FOLDER RANK WORLD

In float64, without batch normalization, and with what is drawn at random replaced by a function of the image, so that
one process and several must agree to rounding. The first process writes FOLDER/world-WORLD.pt.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lightning_modules.gathering import shuffled
from lightning_modules.self_supervision import instances, jigsaw, prototypical
from lightning_modules.self_supervision.learner import Learner
from specs.registry import BACKBONES, METHODS

IMAGES, BATCH = 24, 8


def without_norms(module: nn.Module) -> nn.Module:
    """The module with every batch normalization replaced by nothing."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            setattr(module, name, nn.Identity())
        else:
            without_norms(child)
    return module


def learner(name: str) -> Learner:
    """A tiny learner, the same in every process."""
    torch.manual_seed(3)
    made: Learner = METHODS.build(METHODS.build(name).phantom.method).learner(BACKBONES.build("tiny(width=4)"), IMAGES)
    without_norms(made).double()
    images = torch.randn(IMAGES, 3, 16, 16, generator=torch.Generator().manual_seed(4), dtype=torch.float64)

    def every_image(rows_of: object) -> Tensor:
        with torch.no_grad():
            rows: Tensor = rows_of(images)  # type: ignore[operator]
            return rows

    made.before_epoch(0, every_image, torch.Generator().manual_seed(5))
    made.before_epoch(5, every_image, torch.Generator().manual_seed(6))
    return made


def drawn_by_place(self: instances.BankLearner, index: Tensor) -> Tensor:
    """Neighbours of an image instead of random ones."""
    return (index[:, None] + torch.arange(1, self.negatives + 1)) % len(self.bank.entries)


def main(folder: Path, rank: int, world: int) -> None:
    """Compute and write."""
    if world > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=world)
    instances.BankLearner.drawn = drawn_by_place  # type: ignore[method-assign]
    prototypical.PclLearner._others = lambda self, count, rows, device: torch.arange(1, count).expand(rows, -1)  # type: ignore[method-assign]
    order = torch.arange(jigsaw.GRID**2)
    jigsaw.torch.rand = lambda rows, places, device: order.double().expand(rows, -1)  # type: ignore[attr-defined]
    generator = torch.Generator().manual_seed(7)
    views = [torch.randn(BATCH, 3, 16, 16, generator=generator, dtype=torch.float64) for _ in range(2)]
    index = torch.randperm(IMAGES, generator=generator)[:BATCH]
    own = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
    found = {}
    for name in METHODS.entries:
        made = learner(name)
        loss = made.loss([view[own] for view in views], index[own])
        loss.backward()
        values = {"loss": loss.detach()}
        values |= {key: one.grad for key, one in made.named_parameters() if one.grad is not None}
        for value in values.values():
            if world > 1:
                dist.all_reduce(value)
                value /= world
        made.after_step(0.5)
        values |= {f"after step: {key}": one.detach() for key, one in made.named_buffers()}
        found[name] = {key: value.clone() for key, value in values.items()}
    rows = torch.arange(float(BATCH))[own, None]
    found["shuffling"] = {"results": shuffled(lambda them: torch.cat([them, torch.full_like(them, rank)], dim=1), rows)}
    if rank == 0:
        torch.save(found, folder / f"world-{world}.pt")
    if world > 1:  # gloo's threads end the process with an error if they are left to its end
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
