"""Weighted votes of nearest neighbours, as a score of features and as a head of a network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from specs.task import Task

SHARPNESS = 0.07
"""The temperature of a neighbour's vote (Wu et al. 2018, section 3.4)."""

FAINTEST = 1e-6
"""The smallest probability that a head of neighbours gives, so that its logits are finite."""


def neighbour_shares(features: Tensor, bank: Tensor, labels: Tensor, task: Task, neighbours: int) -> Tensor:
    """The shares of the votes of the k nearest neighbours by cosine similarity (Wu et al. 2018, section 3.4).

    A neighbour's vote has the weight exp(cosine / 0.07).

    Args:
        features: the features (N, F) of the images that are judged.
        bank: the features (M, F) of the images among which neighbours are looked for.
        labels: the labels of the images in the bank, (M,) classes or (M, K) findings, NaN where not labelled.
        task: the task, which says whether labels are classes or findings.
        neighbours: the number k of neighbours that vote, at most M.

    Returns:
        Shares in [0, 1], float64 (N, K); of a finding that no neighbour has a label of, 0.5.
    """
    similarity = functional.normalize(features.double(), dim=1) @ functional.normalize(bank.double(), dim=1).T
    closest, nearest = similarity.topk(min(neighbours, len(bank)), dim=1)
    weights = torch.exp((closest - closest[:, :1]) / SHARPNESS)[:, :, None]
    if task.kind == "multiclass":
        votes = functional.one_hot(labels[nearest].long(), len(task.classes)) * weights
        return votes.sum(dim=1) / weights.sum(dim=1)
    neighbour_labels = labels[nearest].double()
    known = weights * ~neighbour_labels.isnan()
    return ((neighbour_labels.nan_to_num() * known).sum(dim=1) / known.sum(dim=1)).nan_to_num(0.5)


class NeighbourHead(nn.Module):
    """A head that answers by the nearest of the images that it remembers.

    Its state dict holds the features and labels of these images, so a head takes the number of images of the state that
    it loads.

    Args:
        features: the length of a feature vector.
        task: the task of classification.
    """

    bank: Tensor
    labels: Tensor
    number: Tensor

    def __init__(self, features: int, task: Task) -> None:
        super().__init__()
        self.task = task
        classes = task.kind == "multiclass"
        self.register_buffer("bank", torch.empty(0, features))
        self.register_buffer("labels", torch.empty(0) if classes else torch.empty(0, len(task.classes)))
        self.register_buffer("number", torch.tensor(1))

    def remember(self, features: Tensor, labels: Tensor) -> None:
        """Take images as neighbours.

        Args:
            features: the features of the images, (M, F).
            labels: the numbers of their classes, (M,), or their findings, (M, K), NaN where not labelled.
        """
        self.bank, self.labels = features.float().to(self.bank.device), labels.float().to(self.bank.device)

    def ask(self, number: int) -> None:
        """Let this many neighbours vote."""
        self.number = torch.tensor(number, device=self.bank.device)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (N, K) of features (N, F): logarithms of the shares of classes, log-odds of findings."""
        shares = neighbour_shares(features, self.bank, self.labels, self.task, int(self.number))
        shares = shares.clamp(FAINTEST, 1 - FAINTEST)
        return (shares.log() if self.task.kind == "multiclass" else shares.logit()).float()

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        for name in ("bank", "labels"):
            if (loaded := state_dict.get(f"{prefix}{name}")) is not None and loaded.ndim == getattr(self, name).ndim:
                setattr(self, name, torch.empty_like(loaded))
        super()._load_from_state_dict(state_dict, prefix, *others)
