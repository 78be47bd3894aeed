"""Instance discrimination against a memory of all training images."""

from __future__ import annotations

import torch
from torch import Tensor

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered_values
from lightning_modules.self_supervision.bank import MemoryBank
from lightning_modules.self_supervision.contrastive import noise_contrastive, one_against_noise
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.jigsaw import JigsawHead
from lightning_modules.self_supervision.learner import Encoder, Learner


class BankLearner(Learner):
    """What both methods share: a linear head, a memory of every image, and noise drawn from it.

    Args:
        backbone: that is pretrained.
        samples: training images.
        dimensions: of the embeddings.
        negatives: memories drawn for each image; at most all others.
        temperature: divides the similarities.
        momentum: of the memory.
    """

    def __init__(
        self, backbone: Backbone, samples: int, dimensions: int, negatives: int, temperature: float, momentum: float
    ) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, dimensions)))
        self.bank = MemoryBank(samples, dimensions, momentum)
        self.negatives, self.temperature = min(negatives, samples - 1), temperature
        self._new: tuple[Tensor, Tensor] | None = None

    def compared(self, directions: Tensor, index: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
        """Similarities to an image's own memory (B,) and to others (B, m), divided by the temperature."""
        right = (directions * self.bank.entries[index]).sum(dim=1)
        noise = torch.einsum("bd,bmd->bm", directions, self.bank.entries[others])
        return right / self.temperature, noise / self.temperature

    def drawn(self, index: Tensor) -> Tensor:
        """Places (B, m) of other images' memories, uniformly and with replacement.

        The authors' codes draw among all memories. Of a million images that is the same; of few it would often push an
        image away from itself.
        """
        samples = len(self.bank.entries)
        steps = torch.randint(1, samples, (len(index), self.negatives), device=index.device)
        return (index[:, None] + steps) % samples

    def remember(self, index: Tensor, directions: Tensor) -> None:
        """Keep what the memory is updated with after the step."""
        self._new = gathered_values(index), gathered_values(directions)

    def after_step(self, progress: float) -> None:
        """Update the memory."""
        if self._new is not None:
            self.bank.update(*self._new)
            self._new = None


class InsDisLearner(BankLearner):
    """Noise-contrastive estimation over the memory (Wu et al. 2018)."""

    normalizer: Tensor

    def __init__(
        self, backbone: Backbone, samples: int, dimensions: int, negatives: int, temperature: float, momentum: float
    ) -> None:
        super().__init__(backbone, samples, dimensions, negatives, temperature, momentum)
        self.register_buffer("normalizer", torch.zeros(()))

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The loss of the only view.

        Z is estimated from all candidates of the first batch and kept (equation 6, and ``NCEFunction`` of
        https://github.com/zhirongw/lemniscate.pytorch, lib/NCEAverage.py).
        """
        directions = self.online.directions(views[0])
        right, noise = self.compared(directions, index, self.drawn(index))
        if self.normalizer == 0:
            candidates = gathered_values(torch.cat([right[:, None], noise], dim=1))
            self.normalizer.copy_(candidates.exp().mean() * len(self.bank.entries))
        self.remember(index, directions)
        return noise_contrastive(right, noise, len(self.bank.entries), self.normalizer.to(noise.dtype))


class PirlLearner(BankLearner):
    """An image and its jigsaw both find the image's memory (Misra and van der Maaten 2020, equation 5).

    Args:
        backbone: that is pretrained.
        samples: training images.
        dimensions: of the embeddings.
        negatives: memories drawn for each image.
        temperature: divides the similarities.
        momentum: of the memory.
        jigsaw: share of the loss that the jigsaw has.
        patch: height and width of its patches, in pixels.
    """

    def __init__(
        self,
        backbone: Backbone,
        samples: int,
        dimensions: int,
        negatives: int,
        temperature: float,
        momentum: float,
        jigsaw: float,
        patch: int,
    ) -> None:
        super().__init__(backbone, samples, dimensions, negatives, temperature, momentum)
        self.jigsaw_head, self.jigsaw = JigsawHead(backbone.num_features, dimensions, None, patch), jigsaw

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The weighted mean of both losses: of the whole image, from which the memory learns, and of the second view.

        Raises:
            UsageError: if the patches do not fit into the second view.
        """
        whole, others = self.online.directions(views[0]), self.drawn(index)
        puzzle = self.jigsaw_head(self.backbone, views[1])
        self.remember(index, whole)
        of_puzzle = one_against_noise(*self.compared(puzzle, index, others))
        of_whole = one_against_noise(*self.compared(whole, index, others))
        return self.jigsaw * of_puzzle + (1 - self.jigsaw) * of_whole
