"""InsDis and PIRL: instance discrimination against a memory of all training images."""

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
    """The common part of InsDis and PIRL: a linear head, a memory of all images, and negatives drawn from it.

    Args:
        backbone: the backbone that is pretrained.
        samples: the number of training images.
        dimensions: the length of the embeddings.
        negatives: the number of memories drawn for each image; at most all others.
        temperature: the divisor of the similarities.
        momentum: the share of an old memory that an update keeps, in [0, 1).
    """

    def __init__(
        self, backbone: Backbone, samples: int, dimensions: int, negatives: int, temperature: float, momentum: float
    ) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, dimensions)))
        self.bank = MemoryBank(samples, dimensions, momentum)
        self.negatives, self.temperature = min(negatives, samples - 1), temperature
        self._new: tuple[Tensor, Tensor] | None = None

    def compared(self, directions: Tensor, index: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
        """The similarities to each image's own memory (B,) and to others (B, m), divided by the temperature."""
        right = (directions * self.bank.entries[index]).sum(dim=1)
        noise = torch.einsum("bd,bmd->bm", directions, self.bank.entries[others])
        return right / self.temperature, noise / self.temperature

    def drawn(self, index: Tensor) -> Tensor:
        """Positions (B, m) of other images' memories, drawn uniformly with replacement.

        The authors' codes draw among all memories, the image's own included. With a million images that makes no
        difference; with few it would often push an image away from itself.
        """
        samples = len(self.bank.entries)
        steps = torch.randint(1, samples, (len(index), self.negatives), device=index.device)
        return (index[:, None] + steps) % samples

    def remember(self, index: Tensor, directions: Tensor) -> None:
        """Keep the embeddings that the memory is updated with after the step."""
        self._new = gathered_values(index), gathered_values(directions)

    def after_step(self, progress: float) -> None:
        """Update the memory with the embeddings of the step."""
        if self._new is not None:
            self.bank.update(*self._new)
            self._new = None


class InsDisLearner(BankLearner):
    """InsDis: noise-contrastive estimation over the memory (Wu et al. 2018)."""

    normalizer: Tensor

    def __init__(
        self, backbone: Backbone, samples: int, dimensions: int, negatives: int, temperature: float, momentum: float
    ) -> None:
        super().__init__(backbone, samples, dimensions, negatives, temperature, momentum)
        self.register_buffer("normalizer", torch.zeros(()))

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The loss of the single view.

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
    """PIRL: an image and its jigsaw both match the image's memory (Misra and van der Maaten 2020, equation 5).

    Args:
        backbone: the backbone that is pretrained.
        samples: the number of training images.
        dimensions: the length of the embeddings.
        negatives: the number of memories drawn for each image; at most all others.
        temperature: the divisor of the similarities.
        momentum: the share of an old memory that an update keeps, in [0, 1).
        jigsaw: the weight of the jigsaw's loss, in [0, 1]; the whole image's loss has the rest.
        patch: the height and width of the jigsaw's patches in pixels.
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
        """The weighted mean of two losses: that of the whole image, which updates the memory, and that of the jigsaw.

        Raises:
            UsageError: if the patches do not fit into the second view.
        """
        whole, others = self.online.directions(views[0]), self.drawn(index)
        puzzle = self.jigsaw_head(self.backbone, views[1])
        self.remember(index, whole)
        of_puzzle = one_against_noise(*self.compared(puzzle, index, others))
        of_whole = one_against_noise(*self.compared(whole, index, others))
        return self.jigsaw * of_puzzle + (1 - self.jigsaw) * of_whole
