"""Self-supervised pretraining of a backbone by any method, with a check for collapse and a nearest-neighbour score."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from lightning_modules.gathering import all_gather_objects, broadcast_from_rank_0
from lightning_modules.losses import full
from lightning_modules.memory_formats import with_memory_format
from lightning_modules.neighbours import neighbour_shares
from lightning_modules.scoring import validation_score
from lightning_modules.self_supervision.learner import Learner, directions
from lightning_modules.trained import TrainedModule
from specs.card import Normalization
from specs.recipe import Recipe
from specs.run import digest
from specs.task import Task

NEIGHBOURS = 20
"""The number of neighbours of the k-NN score; *assumed* (Wu et al. 2018 use 200 of 1.2 million)."""

BANK = 10_000
"""The largest number of training images, spread evenly over the split, that neighbours come from; *assumed*."""

SMALLEST_RANK = 1.5
"""The effective rank below which embeddings count as collapsed to a point or a line; *assumed*."""


class SelfSupervisedModule(TrainedModule):
    """A module that pretrains a backbone with a self-supervised method under a recipe.

    It logs once per epoch:

    - ``train_loss``;
    - ``validation_metric``, the k-NN score of the validation images among training images by the backbone's pooled
      features: accuracy for classes, mean AUROC for findings, NaN where there are no labels;
    - ``embedding_std``, the mean standard deviation of the dimensions of the validation images' embeddings, times the
      root of their number: about 1 when spread out, 0 when collapsed (Chen and He 2021, section 4.1);
    - ``embedding_rank``, their effective rank: exp of the entropy of the normalized singular values (Garrido et al.
      2023, equation 1).

    Args:
        learner: the method with the backbone that is pretrained.
        task: the task of the labels that the nearest-neighbour score uses; training uses no labels.
        recipe: the optimizer, schedule and number of epochs.
        normalization: the mean and standard deviation that normalize the input.
        seed: the seed of the random draws before each epoch.
    """

    def __init__(self, learner: Learner, task: Task, recipe: Recipe, normalization: Normalization, seed: int) -> None:
        backbone = learner.backbone
        super().__init__(with_memory_format(recipe, backbone), normalization, backbone.in_channels)
        self.learner, self.task, self.seed = learner, task, seed
        self._validated: list[tuple[Tensor, ...]] = []
        self.format_weights()

    def steady_parameters(self) -> Iterable[nn.Parameter]:
        """The parameters whose learning rate the method leaves as it is."""
        return self.learner.steady_parameters()

    def on_fit_start(self) -> None:
        """Have backbones compiled at their first call, if the recipe says so; their tensors keep their names.

        The rest of a method is not compiled, since it draws random numbers and keeps queues and clusters.
        """
        super().on_fit_start()
        if self.recipe.compiled:
            for part in self.learner.modules():
                if isinstance(part, Backbone):
                    part.compile()

    def on_train_epoch_start(self) -> None:
        """Step the schedule if nothing else did, then let the method prepare the epoch, as by clustering."""
        super().on_train_epoch_start()
        generator = torch.Generator().manual_seed(int(digest([self.seed, "clusters", self.current_epoch])[:15], 16))
        self.learner.before_epoch(self.current_epoch, self._every_image, generator)
        # Clusters of equal images may differ between processes in the last bits.
        broadcast_from_rank_0(self.learner.state_dict().values())

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        """The method's loss of a batch of views.

        Raises:
            RunError: if it is not finite.
        """
        loss = self.learner.loss([self.normalize(view) for view in batch["views"]], batch["index"])
        self.check_finite(loss, batch_idx)
        self._add("train", torch.stack([loss.detach(), torch.ones_like(loss)]))
        return loss

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the method change its gradients."""
        self.learner.before_step(self.global_step)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Let the method act after the optimizer's step, as by updating a moving average."""
        steps = self.trainer.num_training_batches * self.recipe.epochs
        self.learner.after_step(min((self.global_step - 1) / steps, 1.0))

    def on_train_epoch_end(self) -> None:
        """Log the mean loss over the epoch's batches."""
        total = self._total("train")
        self.log("train_loss", total[0] / total[1])

    def on_validation_epoch_start(self) -> None:
        """Discard the features of earlier epochs."""
        self._validated = []

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Keep the features, embeddings and labels of a batch."""
        images = self.normalize(batch["image"])
        features = full(self.learner.kept.backbone(images))
        embeddings = directions(self.learner.kept.head(features))
        targets = batch.get("target", torch.full((len(images),), torch.nan, device=features.device))
        self._validated.append((batch["index"].cpu(), features.cpu(), embeddings.cpu(), targets.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log the k-NN score and the spread of the embeddings."""
        parts = [part for process in all_gather_objects(self._validated) for part in process]
        index, *rows = (torch.cat(of_parts) for of_parts in zip(*parts, strict=True))
        features, embeddings, targets = (row[index.argsort()] for row in rows)
        std, rank = spread(embeddings)
        score = math.nan
        if self.task.kind != "segmentation":
            bank, labels = self._training_features()
            score = nearest_neighbours(features, targets, bank, labels, self.task)
        self.log_dict({"validation_metric": score, "validation_loss": math.nan})
        self.log_dict({"embedding_std": std, "embedding_rank": rank})
        if rank < SMALLEST_RANK and len(embeddings) > 2:
            warnings.warn(
                f"epoch {self.current_epoch}: the embeddings have collapsed (effective rank {rank:.2f}, standard "
                f"deviation {std:.3f} of 1). The weights will be of little use; lower the learning rate or enlarge the "
                "batch.",
                stacklevel=2,
            )

    def _every_image(self, rows_of: Callable[[Tensor], Tensor]) -> Tensor:
        """The rows (N, D) that a function gives for all training images, in evaluation mode."""
        was = self.learner.training
        self.learner.eval()
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        with torch.no_grad():
            rows = [rows_of(self.normalize(batch["image"].to(self.device))) for batch in data.training_images()]
        self.learner.train(was)
        return torch.cat(rows)

    def _training_features(self) -> tuple[Tensor, Tensor]:
        """The pooled features (N, F) and labels of training images. The network must be in evaluation mode."""
        kept = self.learner.kept.backbone
        batches = self.trainer.datamodule.training_images(BANK)  # type: ignore[attr-defined]
        parts = [
            (full(kept(self.normalize(batch["image"].to(self.device)))).cpu(), batch["target"]) for batch in batches
        ]
        return torch.cat([features for features, _ in parts]), torch.cat([labels for _, labels in parts])


def spread(embeddings: Tensor) -> tuple[float, float]:
    """The scaled standard deviation and the effective rank of embeddings (N, D) of length 1."""
    exact = embeddings.double()
    std = exact.std(dim=0, correction=0).mean().item() * math.sqrt(exact.shape[1])
    singular = torch.linalg.svdvals(exact - exact.mean(dim=0))
    shares = singular / singular.sum().clamp(min=1e-12) + 1e-12
    return std, math.exp(-(shares * shares.log()).sum().item())


def nearest_neighbours(
    features: Tensor, targets: Tensor, bank: Tensor, labels: Tensor, task: Task, neighbours: int = NEIGHBOURS
) -> float:
    """The score of weighted k nearest neighbours (``neighbour_shares``).

    Args:
        features: the features (N, F) of the images that are judged.
        targets: the true labels of these images, (N,) classes or (N, K) findings, NaN where not labelled.
        bank: the features (M, F) of the images among which neighbours are looked for.
        labels: the labels of the images in the bank, (M,) or (M, K).
        task: the task, which says what the score is: accuracy for classes, otherwise the mean AUROC over the scored
            findings.
        neighbours: the number k of neighbours that vote, at most M.

    Returns:
        A score in [0, 1], or NaN where it is undefined.
    """
    shares = neighbour_shares(features, bank, labels, task, neighbours)
    if task.kind == "multiclass":
        return float((shares.argmax(dim=1) == targets).double().mean())
    return validation_score(task).value({"targets": targets.double().numpy(), "probabilities": shares.numpy()})
