"""Every method's loss and gradients on one global batch, by as many processes as are asked for.

    python -m tests.lightning_modules.distributed_methods FOLDER RANK WORLD

In float64, without batch normalization but where groups of the batch have statistics of their own, and with what is
drawn at random replaced by a function of the image, so that one process and several must agree to rounding. The first
process writes FOLDER/world-WORLD.pt.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lightning_modules.self_supervision import instances
from lightning_modules.self_supervision.groups import shuffled
from lightning_modules.self_supervision.learner import Learner
from specs.registry import BACKBONES, METHODS

IMAGES, BATCH = 24, 8
IN_GROUPS = "moco_v2(dimensions=8, hidden=8, queue=16, momentum=0.9, groups=2)"

TRANSFORMER = 'timm("test_vit", image_size=16, patch_size=4)'
NETWORKS = {
    "mae": (TRANSFORMER, 'timm("vit_tiny_patch16_224", image_size=16, patch_size=4)'),
    "dino": ("tiny(width=4)", 'cbr("tiny")', TRANSFORMER),
}


def networks_of(name: str) -> tuple[str, ...]:
    """Small networks of all kinds that a method can train, for images of 16 pixels."""
    return NETWORKS.get(name, ("tiny(width=4)", 'cbr("tiny")'))


def view_sizes(name: str) -> list[int]:
    """Heights of the views that a method compares in these tests; what is cut into patches is larger."""
    views: int = METHODS.build(name).views
    return [16] * views if name not in ("pirl", "infomin") else [16] * (views - 1) + [24]


def without_norms(module: nn.Module) -> nn.Module:
    """The module with every batch normalization replaced by nothing."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            setattr(module, name, nn.Identity())
        else:
            without_norms(child)
    return module


def learner(method: str, network: str = "tiny(width=4)") -> Learner:
    """A tiny learner, the same in every process."""
    torch.manual_seed(3)
    made: Learner = METHODS.build(method).learner(BACKBONES.build(network), IMAGES)
    images = torch.randn(IMAGES, 3, 16, 16, generator=torch.Generator().manual_seed(4), dtype=torch.float64)

    def every_image(rows_of: object) -> Tensor:
        with torch.no_grad():
            rows: Tensor = rows_of(images)  # type: ignore[operator]
            return rows

    (made if method == IN_GROUPS else without_norms(made)).double()
    made.before_epoch(0, every_image, torch.Generator().manual_seed(5))
    made.before_epoch(5, every_image, torch.Generator().manual_seed(6))
    return made


def drawn_by_place(self: instances.BankLearner, index: Tensor) -> Tensor:
    """Neighbours of an image instead of random ones."""
    return (index[:, None] + torch.arange(1, self.negatives + 1)) % len(self.bank.entries)


def evenly(*shape: int, device: torch.device) -> Tensor:
    """Numbers in [0, 1), the same for each image, instead of random ones."""
    count = math.prod(shape[1:])
    return (torch.arange(count, dtype=torch.float64, device=device) / count).view(shape[1:]).expand(shape)


def computed(made: Learner, views: list[Tensor], index: Tensor, world: int) -> dict[str, Tensor]:
    """Loss, gradients, and the buffers after a step, of the global batch."""
    loss = made.loss(views, index)
    loss.backward()
    values = {"loss": loss.detach()}
    values |= {key: one.grad for key, one in made.named_parameters() if one.grad is not None}
    for value in values.values():
        if world > 1:
            dist.all_reduce(value)
            value /= world
    made.after_step(0.5)
    values |= {f"after step: {key}": one.detach() for key, one in made.named_buffers()}
    return {key: value.clone() for key, value in values.items()}


def main(folder: Path, rank: int, world: int) -> None:
    """Compute and write."""
    if world > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=world)
    instances.BankLearner.drawn = drawn_by_place  # type: ignore[method-assign]
    torch.rand = evenly  # type: ignore[assignment]
    generator = torch.Generator().manual_seed(7)
    drawn = {
        size: [torch.randn(BATCH, 3, size, size, generator=generator, dtype=torch.float64) for _ in range(2)]
        for size in (16, 24)
    }
    index = torch.randperm(IMAGES, generator=generator)[:BATCH]
    own = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
    found = {}
    for name in METHODS.entries:
        views = [drawn[size][place % 2][own] for place, size in enumerate(view_sizes(name))]
        found[name] = computed(
            learner(METHODS.build(name).phantom.method, networks_of(name)[0]), views, index[own], world
        )
    made = learner(IN_GROUPS)
    torch.manual_seed(8)  # the same order of the keys
    found["in groups"] = computed(made, [view[own] for view in drawn[16]], index[own], world)
    rows = torch.arange(float(BATCH))[own, None]
    found["shuffling"] = {
        "results": shuffled(lambda them: torch.cat([them, torch.full_like(them, rank)], dim=1), rows, 1)
    }
    if rank == 0:
        torch.save(found, folder / f"world-{world}.pt")
    if world > 1:  # gloo's threads end the process with an error if they are left to its end
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
