"""Clustering methods: learning to predict cluster assignments, made in each batch or once per epoch from a memory."""

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
"""The number of first views whose embeddings are assigned; further ones only predict (``crops_for_assign``)."""


class Prototypes(nn.Module):
    """The cluster prototypes: directions (K, D) that embeddings are compared with.

    Args:
        count: the number K of prototypes.
        dimensions: the length D of a prototype.
        trained: whether the prototypes take gradients.
    """

    def __init__(self, count: int, dimensions: int, trained: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(functional.normalize(torch.randn(count, dimensions), dim=1), requires_grad=trained)

    def forward(self, directions: Tensor) -> Tensor:
        """The cosine similarities (B, K) of directions (B, D) to the prototypes."""
        return directions @ self.weight.T

    @torch.no_grad()
    def normalize(self) -> None:
        """Bring the prototypes back to length 1."""
        self.weight.copy_(functional.normalize(self.weight, dim=1))


def soft_cross_entropy(scores: Tensor, targets: Tensor, temperature: float) -> Tensor:
    """The mean over rows of -sum(targets * log softmax(scores / temperature)); both arguments are (B, K)."""
    return -(targets * (scores / temperature).log_softmax(dim=1)).sum(dim=1).mean()


class SwavLearner(Learner):
    """A learner where each view predicts the other's assignment to prototypes (Caron et al. 2020, equations 1 to 3).

    Assignments are made within the batch: there is no queue of earlier embeddings, as in the published training with
    batches of 4096 (``queue_length`` 0; trainings with batches of 256 keep 3840).

    Args:
        backbone: the backbone that is pretrained.
        dimensions: the length of the embeddings.
        hidden: the number of features of the head's hidden layer.
        prototypes: the number of prototypes.
        temperature: the temperature of the predictions.
        epsilon: the weight of the entropy in the assignments; a smaller one gives harder assignments.
        iterations: the number of Sinkhorn-Knopp iterations.
        frozen: the number of optimizer steps at the start that leave the prototypes unchanged.
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
        """The mean loss over all views of predicting the assignments of the first two views, other than its own.

        No gradient flows through assignments. Further views, which are small crops, only predict (section 3.2).
        """
        scores = [self.prototypes(of_view) for of_view in self.online.directions_together(views)]
        shares = [sinkhorn(of_view.detach(), self.epsilon, self.iterations) for of_view in scores[:ASSIGNED]]
        pairs = [(a, b) for a in range(len(views)) for b in range(len(shares)) if a != b]
        return torch.stack([soft_cross_entropy(scores[a], shares[b], self.temperature) for a, b in pairs]).mean()

    def before_step(self, step: int) -> None:
        """Drop the prototypes' gradients in the first steps (main_swav.py, ``freeze_prototypes_niters``)."""
        if step < self.frozen:
            self.prototypes.weight.grad = None

    def after_step(self, progress: float) -> None:
        """Prototypes stay on the sphere."""
        self.prototypes.normalize()


class OfflineLearner(Learner):
    """A learner that clusters the remembered embeddings at the start of each epoch and learns to predict the clusters.

    There is a memory for each of the first two views, and the sets of clusters use them in turn
    (https://github.com/facebookresearch/swav, main_deepclusterv2.py, ``cluster_memory``). Both begin with the images'
    own embeddings in evaluation mode, where the authors' code takes two crops in training mode. An image that is left
    out of an epoch, since its batch would be too small, keeps its earlier embeddings; the authors' code forgets it for
    an epoch.

    Args:
        backbone: the backbone that is pretrained.
        samples: the number of training images.
        dimensions: the length of the embeddings.
        hidden: the number of features of the head's hidden layer.
        prototypes: the number of clusters in each independent set of clusters.
        temperature: the temperature of the predictions.
        trained: whether the prototypes take gradients.
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
        """Fill the memories before the first epoch; then assign every remembered embedding to a cluster."""
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
        for bank, of_view in zip(self.banks, directions, strict=False):  # further views, small crops, only predict
            assert isinstance(bank, MemoryBank)
            bank.update(gathered_values(index), gathered_values(of_view))
        losses = [
            functional.cross_entropy(prototypes(of_view) / self.temperature, self.assignments[number][index])
            for number, prototypes in enumerate(self.prototypes)
            for of_view in directions
        ]
        return torch.stack(losses).mean()


class KmeansLearner(OfflineLearner):
    """DeepCluster-v2: clusters by spherical k-means, whose centroids are the prototypes (Caron et al. 2020, appendix).

    Prototypes take no gradients.

    Args:
        backbone: the backbone that is pretrained.
        samples: the number of training images.
        dimensions: the length of the embeddings.
        hidden: the number of features of the head's hidden layer.
        prototypes: the number of clusters in each independent set of clusters.
        temperature: the temperature of the predictions.
        iterations: the number of k-means iterations.
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
        """The nearest centroid of every remembered embedding, (N,)."""
        centroids = spherical_kmeans(memory, len(prototypes.weight), self.iterations, generator)
        prototypes.weight.data.copy_(centroids)
        return nearest(memory, centroids)


class EqualSharesLearner(OfflineLearner):
    """SeLa-v2: clusters of equal size by Sinkhorn-Knopp on trained prototypes (Asano et al. 2020; Caron et al. 2020).

    Args:
        backbone: the backbone that is pretrained.
        samples: the number of training images.
        dimensions: the length of the embeddings.
        hidden: the number of features of the head's hidden layer.
        prototypes: the number of clusters in each independent set of clusters.
        temperature: the temperature of the predictions.
        epsilon: the weight of the entropy in the assignments; a smaller one gives harder assignments.
        iterations: the number of Sinkhorn-Knopp iterations.
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
        """The prototype with the largest share of every remembered embedding, (N,)."""
        with torch.no_grad():
            scores = prototypes(memory)
        # Every process has the whole memory, and sums over processes that hold the same rows change no share.
        return sinkhorn(scores, self.epsilon, self.iterations).argmax(dim=1)

    def after_step(self, progress: float) -> None:
        """Prototypes stay on the sphere."""
        for prototypes in self.prototypes:
            assert isinstance(prototypes, Prototypes)
            prototypes.normalize()
