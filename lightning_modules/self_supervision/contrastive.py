"""Contrastive losses on normalized embeddings."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from lightning_modules.gathering import gathered, processes, rank


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """The normalized temperature-scaled cross-entropy of two views of a batch (Chen et al. 2020, equation 1).

    For each embedding all others of the global batch are candidates; the other view of its image is the right one.

    Args:
        first: the embeddings (B, D) of one view, of length 1.
        second: the embeddings (B, D) of the other view of the same images, of length 1.
        temperature: the divisor of the similarities.

    Returns:
        The mean over this process's 2B embeddings; its mean over processes is the loss of the global batch.
    """
    count = len(first)
    everything = torch.cat([gathered(first), gathered(second)])
    own = torch.cat([first, second])
    scores = own @ everything.T / temperature
    places = torch.arange(count, device=first.device) + rank() * count
    total = count * processes()
    itself = torch.cat([places, places + total])
    other = torch.cat([places + total, places])
    scores = scores.scatter(1, itself[:, None], -torch.inf)
    return functional.cross_entropy(scores, other)


def info_nce(query: Tensor, key: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """The cross-entropy of telling a query's key from negatives (He et al. 2020, equation 1).

    Args:
        query: the queries (B, D), of length 1.
        key: the keys (B, D) that belong to them, of length 1; no gradient flows into these.
        negatives: the negative keys (K, D), of length 1; no gradient flows into these either.
        temperature: the divisor of the similarities.
    """
    right = (query * key.detach()).sum(dim=1, keepdim=True)
    scores = torch.cat([right, query @ negatives.detach().T], dim=1) / temperature
    return functional.cross_entropy(scores, torch.zeros(len(query), dtype=torch.long, device=query.device))


def noise_contrastive(right: Tensor, noise: Tensor, samples: int, normalizer: Tensor) -> Tensor:
    """Noise-contrastive estimation of the instance probability (Wu et al. 2018, equations 6 to 8).

    With P = exp(s) / Z and uniform noise, h = P / (P + m / n), and the loss is
    -log h(right) - sum over the m noise samples of log(1 - h).

    Args:
        right: the similarities (B,) to the image's own memory, divided by the temperature.
        noise: the similarities (B, m) to memories drawn at random, divided by the temperature.
        samples: the number n of images in the memory.
        normalizer: the estimate of the normalizer Z, a scalar tensor.
    """
    m = noise.shape[1]
    log_noise = math.log(m / samples)
    right, noise = right - normalizer.log(), noise - normalizer.log()
    # log h = log_sigmoid(log P - log(m / n)), and 1 - h is the sigmoid of the opposite.
    lost = -functional.logsigmoid(right - log_noise) - functional.logsigmoid(log_noise - noise).sum(dim=1)
    return lost.mean()


def one_against_noise(right: Tensor, noise: Tensor) -> Tensor:
    """The noise-contrastive loss of PIRL (Misra and van der Maaten 2020, equations 3 and 4).

    h(v) = exp(s_v) / (exp(s_right) + sum over noise of exp(s)), and the loss is -log h(right) - sum over the noise of
    log(1 - h), each among the same candidates.

    Args:
        right: the similarities (B,) to the image's own memory, divided by the temperature.
        noise: the similarities (B, m) to the negatives, divided by the temperature.
    """
    shares = torch.cat([right[:, None], noise], dim=1).log_softmax(dim=1)
    return (-shares[:, 0] - torch.log1p(-shares[:, 1:].exp().clamp(max=1 - 1e-6)).sum(dim=1)).mean()
