"""DINO: predicting what a momentum teacher, which sees only large crops, makes of another view."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from backbones.networks.contract import Backbone
from backbones.networks.transformer import PlainTransformer, is_plain_transformer
from lightning_modules.gathering import gathered_values
from lightning_modules.losses import full
from lightning_modules.self_supervision.clustering import soft_cross_entropy
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, EveryImage, Learner
from lightning_modules.self_supervision.momentum import MomentumEncoder, rising
from specs.errors import UsageError

TAUGHT = 2
"""The number of first views that the teacher sees; further ones, small crops, only the student (main_dino.py)."""

START = 0.02
"""The standard deviation of the head's weights at the start (vision_transformer.py, ``DINOHead``)."""


class Outputs(nn.Module):
    """A linear layer from directions (B, D) to scores (B, K), whose weights of each output have length 1.

    Weight normalization with a gain that stays 1, as the last layer of ``DINOHead`` with ``norm_last_layer``
    (https://github.com/facebookresearch/dino, vision_transformer.py).

    Args:
        dimensions: the length D of a direction.
        count: the number K of outputs.
    """

    def __init__(self, dimensions: int, count: int) -> None:
        super().__init__()
        self.layer = nn.Linear(dimensions, count, bias=False)

    def forward(self, directions: Tensor) -> Tensor:
        """The scores (B, K) of directions (B, D), in [-1, 1]."""
        return full(functional.linear(directions, functional.normalize(self.layer.weight, dim=1)))


class DinoLearner(Learner):
    """Self-distillation without labels (Caron et al. 2021, algorithm 1; https://github.com/facebookresearch/dino).

    The student predicts, for each of its views, the teacher's distribution of another view over many outputs. The
    teacher is the student's moving average; its scores are centered and sharpened, so that neither one output nor all
    alike win. What is validated and kept is the teacher, as in the authors' published weights (eval_knn.py). Any
    backbone will do, by its pooled features. A plain vision transformer takes small crops too, by resampled position
    embeddings.

    Args:
        backbone: the backbone that is pretrained.
        dimensions: the length of the embeddings before the outputs.
        hidden: the number of features of each of the head's two hidden layers.
        outputs: the number K of outputs.
        momentum: the share of the teacher's old weights that an update keeps at the start; it rises to 1 by a cosine.
        temperature: the temperature of the student's scores.
        first_temperature: the temperature of the teacher's scores in the first epoch.
        last_temperature: the temperature of the teacher's scores after the warm-up.
        warmup: the number of epochs over which the teacher's temperature goes from the first to the last.
        center_momentum: the share of the old center that an update keeps, in [0, 1).
        frozen: the number of epochs at the start that leave the outputs' weights unchanged.
        clip: the largest norm of the gradient of a tensor; larger gradients are scaled down. None: no limit.
    """

    center: Tensor

    def __init__(
        self,
        backbone: Backbone,
        dimensions: int,
        hidden: int,
        outputs: int,
        momentum: float,
        temperature: float,
        first_temperature: float,
        last_temperature: float,
        warmup: int,
        center_momentum: float,
        frozen: int,
        clip: float | None,
    ) -> None:
        self_sized = is_plain_transformer(backbone)
        if self_sized:
            PlainTransformer(backbone, "dino").take_any_size()  # before the teacher is copied
        head = mlp(backbone.num_features, hidden, hidden, dimensions, activation=nn.GELU)
        super().__init__(Encoder(backbone, head.apply(_begin)))
        self.only_size = None if self_sized else backbone.image_size
        self.outputs = Outputs(dimensions, outputs)
        self.target = MomentumEncoder(self.online)
        self.target_outputs = MomentumEncoder(self.outputs)
        self.register_buffer("center", torch.zeros(outputs))
        self.momentum, self.temperature, self.center_momentum = momentum, temperature, center_momentum
        self.temperatures = first_temperature, last_temperature
        self.warmup, self.frozen, self.clip = warmup, frozen, clip
        self.epoch = 0
        self._seen: Tensor | None = None

    def before_epoch(self, epoch: int, every_image: EveryImage, generator: torch.Generator) -> None:
        """Note the number of the epoch, which decides on the teacher's temperature and on what is frozen."""
        self.epoch = epoch

    @property
    def kept(self) -> Encoder:
        """The teacher, which is better than the student throughout the training (section 3.1, figure 6)."""
        teacher = self.target.network
        assert isinstance(teacher, Encoder)
        return teacher

    @property
    def target_temperature(self) -> float:
        """The temperature of the teacher's scores in this epoch (main_dino.py, ``teacher_temp_schedule``)."""
        first, last = self.temperatures
        if self.epoch >= self.warmup:
            return last
        return first + (last - first) * self.epoch / max(self.warmup - 1, 1)

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The mean cross-entropy over all pairs of a view that the teacher sees and another one of the student's.

        Raises:
            UsageError: if the network takes no images of a view's size.
        """
        self._check_sizes(views)
        scores = [self.outputs(directions) for directions in self.online.directions_together(views)]
        taught = self.taught(views[:TAUGHT])
        self._seen = gathered_values(torch.cat(taught).mean(dim=0, keepdim=True)).mean(dim=0)
        shares = [((rows - self.center) / self.target_temperature).softmax(dim=1) for rows in taught]
        pairs = [(a, b) for b in range(len(shares)) for a in range(len(scores)) if a != b]
        return torch.stack([soft_cross_entropy(scores[a], shares[b], self.temperature) for a, b in pairs]).mean()

    @torch.no_grad()
    def taught(self, views: list[Tensor]) -> list[Tensor]:
        """The teacher's scores (B, K) of each of some views, computed with common batch statistics."""
        return [self.target_outputs(directions) for directions in self.kept.directions_together(views)]

    def before_step(self, step: int) -> None:
        """Limit each tensor's gradient, and drop that of the outputs in the first epochs.

        As in the authors' code (utils.py, ``clip_gradients`` and ``cancel_gradients_last_layer``).
        """
        if self.clip is not None:
            for parameter in self.parameters():
                nn.utils.clip_grad_norm_(parameter, self.clip)
        if self.epoch < self.frozen:
            self.outputs.layer.weight.grad = None

    def after_step(self, progress: float) -> None:
        """Move the teacher towards the student, and the center towards the mean of the teacher's scores."""
        momentum = rising(self.momentum, progress)
        self.target.follow(self.online, momentum)
        self.target_outputs.follow(self.outputs, momentum)
        if self._seen is not None:
            self.center.mul_(self.center_momentum).add_(self._seen, alpha=1 - self.center_momentum)
            self._seen = None

    def _check_sizes(self, views: list[Tensor]) -> None:
        """Refuse views that the network does not take."""
        sizes = sorted({side for view in views for side in view.shape[2:]})
        if self.only_size is not None and sizes != [self.only_size]:
            raise UsageError(
                f"dino: the network takes images of {self.only_size} pixels only, found views of "
                f"{', '.join(map(str, sizes))}. Give the recipe views of that size, or take a network that takes any."
            )
        if not is_plain_transformer(self.backbone):
            return
        patch = max(PlainTransformer(self.backbone, "dino").patch_size)
        if others := [size for size in sizes if size % patch]:
            raise UsageError(
                f"dino: views must be a multiple of the network's patches of {patch} pixels, found "
                f"{', '.join(map(str, others))}. Give the recipe views of other sizes."
            )


def _begin(module: nn.Module) -> None:
    """Draw the weights of a linear layer of the head; its biases begin at 0."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=START)
        nn.init.zeros_(module.bias)
