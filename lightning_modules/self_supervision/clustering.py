"""Learning to predict cluster assignments: online by equal shares, or of a memory once per epoch."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered_values
from lightning_modules.self_supervision.bank import MemoryBank
from lightning_modules.self_supervision.clusters import nearest, spherical_kmeans
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, EveryImage, Learner
from lightning_modules.self_supervision.sinkhorn import sinkhorn

ASSIGNED = 2
"""Views at the front whose embeddings are assigned; the others only predict (the authors' ``crops_for_assign``)."""


class Prototypes(nn.Module):
    """Directions (K, D) that embeddings are compared with.

    Args:
        count: K.
        dimensions: D.
        trained: whether they take gradients.
    """

    def __init__(self, count: int, dimensions: int, trained: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(functional.normalize(torch.randn(count, dimensions), dim=1), requires_grad=trained)

    def forward(self, directions: Tensor) -> Tensor:
        """Cosines (B, K)."""
        return directions @ self.weight.T

    @torch.no_grad()
    def normalize(self) -> None:
        """Bring them back to length 1."""
        self.weight.copy_(functional.normalize(self.weight, dim=1))


def soft_cross_entropy(scores: Tensor, targets: Tensor, temperature: float) -> Tensor:
    """The mean over rows of -sum of targets * log softmax(scores / temperature); both are (B, K)."""
    return -(targets * (scores / temperature).log_softmax(dim=1)).sum(dim=1).mean()


class SwavLearner(Learner):
    """Each view predicts the other's assignment to prototypes (Caron et al. 2020, equations 1 to 3).

    Assignments are those of the batch alone: there is no queue of earlier embeddings, as in the published training
    with batches of 4096 (``queue_length`` 0; trainings with batches of 256 keep 3840).

    Args:
        backbone: that is pretrained.
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer.
        prototypes: how many.
        temperature: of the predictions.
        epsilon: of the assignments' entropy.
        iterations: of Sinkhorn-Knopp.
        frozen: optimizer steps at the start that leave the prototypes as they are.
    """

    def __init__(
        self,
        backbone: Backbone,
        dimensions: int,
        hidden: int,
        prototypes: int,
        temperature: float,
        epsilon: float,
        iterations: int,
        frozen: int,
    ) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, hidden, dimensions, norm=True)))
        self.prototypes = Prototypes(prototypes, dimensions, trained=True)
        self.temperature, self.epsilon, self.iterations, self.frozen = temperature, epsilon, iterations, frozen

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The mean over all views' predictions of the other assignments, those of the first two views.

        No gradient flows through assignments. Further views, small crops, only predict (section 3.2).
        """
        scores = [self.prototypes(one) for one in self.online.directions_together(views)]
        shares = [sinkhorn(one.detach(), self.epsilon, self.iterations) for one in scores[:ASSIGNED]]
        pairs = [(a, b) for a in range(len(views)) for b in range(len(shares)) if a != b]
        return torch.stack([soft_cross_entropy(scores[a], shares[b], self.temperature) for a, b in pairs]).mean()

    def before_step(self, step: int) -> None:
        """Drop the prototypes' gradients at first (main_swav.py, ``freeze_prototypes_niters``)."""
        if step < self.frozen:
            self.prototypes.weight.grad = None

    def after_step(self, progress: float) -> None:
        """Prototypes stay on the sphere."""
        self.prototypes.normalize()


class OfflineLearner(Learner):
    """Embeddings of an epoch are remembered, assigned to clusters at the next one's start, and predicted in it.

    There is a memory for each of the first two views, and the sets of clusters take them in turn
    (https://github.com/facebookresearch/swav, main_deepclusterv2.py, ``cluster_memory``). Both begin with the images'
    own embeddings in evaluation mode, where the code takes two crops in training mode. An image that an epoch leaves
    out, since its batch would be too small, keeps its earlier embeddings; the code forgets it for an epoch.

    Args:
        backbone: that is pretrained.
        samples: training images.
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer.
        prototypes: clusters, one number for each independent set of them.
        temperature: of the predictions.
        trained: whether prototypes take gradients.
    """

    assignments: Tensor

    def __init__(
        self,
        backbone: Backbone,
        samples: int,
        dimensions: int,
        hidden: int,
        prototypes: tuple[int, ...],
        temperature: float,
        trained: bool,
    ) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, hidden, dimensions, norm=True)))
        self.prototypes = nn.ModuleList([Prototypes(min(count, samples), dimensions, trained) for count in prototypes])
        self.banks = nn.ModuleList([MemoryBank(samples, dimensions) for _ in range(ASSIGNED)])
        self.register_buffer("assignments", torch.zeros(len(prototypes), samples, dtype=torch.long))
        self.temperature = temperature

    @abstractmethod
    def assign(self, prototypes: Prototypes, memory: Tensor, generator: torch.Generator) -> Tensor:
        """The cluster (N,) of every remembered embedding (N, D)."""

    def before_epoch(self, epoch: int, every_image: EveryImage, generator: torch.Generator) -> None:
        """Fill the memories before the first epoch, then assign."""
        memories = [bank.get_buffer("entries") for bank in self.banks]
        if epoch == 0:
            rows = every_image(self.online.directions)
            for memory in memories:
                memory.copy_(rows)
        for number, prototypes in enumerate(self.prototypes):
            assert isinstance(prototypes, Prototypes)
            self.assignments[number] = self.assign(prototypes, memories[number % ASSIGNED], generator)

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The mean cross-entropy over views and sets of clusters."""
        directions = self.online.directions_together(views)
        for bank, one in zip(self.banks, directions, strict=False):  # further views, small crops, only predict
            assert isinstance(bank, MemoryBank)
            bank.update(gathered_values(index), gathered_values(one))
        losses = [
            functional.cross_entropy(prototypes(one) / self.temperature, self.assignments[number][index])
            for number, prototypes in enumerate(self.prototypes)
            for one in directions
        ]
        return torch.stack(losses).mean()


class KmeansLearner(OfflineLearner):
    """Clusters by spherical k-means, whose centroids are the prototypes (Caron et al. 2020, appendix, DeepCluster-v2).

    Prototypes take no gradients.

    Args:
        backbone: that is pretrained.
        samples: training images.
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer.
        prototypes: clusters, one number for each independent set of them.
        temperature: of the predictions.
        iterations: of k-means.
    """

    def __init__(
        self,
        backbone: Backbone,
        samples: int,
        dimensions: int,
        hidden: int,
        prototypes: tuple[int, ...],
        temperature: float,
        iterations: int,
    ) -> None:
        super().__init__(backbone, samples, dimensions, hidden, prototypes, temperature, trained=False)
        self.iterations = iterations

    def assign(self, prototypes: Prototypes, memory: Tensor, generator: torch.Generator) -> Tensor:
        """The nearest centroid."""
        centroids = spherical_kmeans(memory, len(prototypes.weight), self.iterations, generator)
        prototypes.weight.data.copy_(centroids)
        return nearest(memory, centroids)


class EqualSharesLearner(OfflineLearner):
    """Clusters of equal size by Sinkhorn-Knopp on the trained prototypes (Asano et al. 2020; Caron et al. 2020).

    Args:
        backbone: that is pretrained.
        samples: training images.
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer.
        prototypes: clusters, one number for each independent set of them.
        temperature: of the predictions.
        epsilon: of the assignments' entropy.
        iterations: of Sinkhorn-Knopp.
    """

    def __init__(
        self,
        backbone: Backbone,
        samples: int,
        dimensions: int,
        hidden: int,
        prototypes: tuple[int, ...],
        temperature: float,
        epsilon: float,
        iterations: int,
    ) -> None:
        super().__init__(backbone, samples, dimensions, hidden, prototypes, temperature, trained=True)
        self.epsilon, self.iterations = epsilon, iterations

    def assign(self, prototypes: Prototypes, memory: Tensor, generator: torch.Generator) -> Tensor:
        """The largest share of each embedding."""
        with torch.no_grad():
            scores = prototypes(memory)
        # Every process has the whole memory; adding up equal rows of several of them changes no share.
        return sinkhorn(scores, self.epsilon, self.iterations).argmax(dim=1)

    def after_step(self, progress: float) -> None:
        """Prototypes stay on the sphere."""
        for prototypes in self.prototypes:
            assert isinstance(prototypes, Prototypes)
            prototypes.normalize()
