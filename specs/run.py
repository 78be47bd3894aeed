"""A run spec: the stage, data, backbone, initializer, recipe and seed of one run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from specs.errors import UsageError
from specs.expression import Call, parse
from specs.fold import Fold
from specs.quoting import shown
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.settling import settled, taking

if TYPE_CHECKING:
    from specs.recipe import Recipe

Edition = Literal["real", "phantom"]
Stage = Literal["pretrain", "tune", "finetune"]
STAGES: tuple[Stage, ...] = ("pretrain", "tune", "finetune")


@dataclass(frozen=True)
class Pretraining:
    """A run that an initializer needs: its backbone, trained on a dataset from another initializer.

    Attributes:
        dataset: the expression of the dataset that it is trained on.
        initializer: the expression of the initializer that it starts from.
        recipe: the name of its recipe, such as ``phantom/pretraining``; None takes the ``pretraining`` of the run spec
            or, with a method, the recipe that has the method's name.
        method: the name of a self-supervised method; None learns from labels.
        images: the images that a self-supervised method learns from: ``train``, those of the training split, or
            ``train+test``, those of the test split too.
    """

    dataset: Call
    initializer: Call
    recipe: str | None = None
    method: str | None = None
    images: Literal["train", "train+test"] = "train"


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """What one run is. Expressions are bound when it is made, so equal runs are equal specs.

    What an initializer leaves to the network is said then too: ``imagenet`` on ``resnet18`` becomes
    ``imagenet("resnet18")``. So is what a network leaves to the images: on images of four channels, ``resnet18``
    becomes ``resnet18(in_channels=4)``.

    Attributes:
        stage: the kind of run: ``finetune`` trains, validates and tests on the task; ``tune`` does the same without a
            test image, by testing on the validation images, to choose how to fine-tune; ``pretrain`` makes weights.
        dataset: the expression of the dataset.
        edition: the edition of the dataset: ``real`` reads the published files, ``phantom`` the small synthetic edition
            in the same layout.
        backbone: the expression of the backbone.
        initializer: the expression of the initializer, which sets the backbone's weights before training.
        recipe: the settings of its training, validation and test.
        pretraining: the recipe of the runs that the initializer requires, where it names none itself.
        seed: the seed of every random draw of the run, from 0 to 2**31 - 1.
        fold: the fold that the run is tested on, of a division of all of the dataset's patients; None: the run uses the
            dataset's own splits.
    """

    stage: Stage
    dataset: Call
    edition: Edition
    backbone: Call
    initializer: Call
    recipe: Recipe
    pretraining: Recipe | None = None
    seed: int = 0
    fold: Fold | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "dataset", DATASETS.bind(self.dataset))
        object.__setattr__(self, "backbone", taking(BACKBONES.bind(self.backbone), self.dataset))
        object.__setattr__(self, "initializer", settled(INITIALIZERS.bind(self.initializer), self.backbone))
        if self.stage not in STAGES or self.edition not in ("real", "phantom"):
            raise UsageError(
                f"a run is of a stage of {', '.join(STAGES)}, found {shown(self.stage)}; edition {shown(self.edition)}."
            )
        if type(self.seed) is not int or not 0 <= self.seed < 2**31:
            raise UsageError(f"a seed is a whole number from 0 to 2**31 - 1, found {shown(self.seed)}.")
        if not isinstance(self.fold, Fold | None):
            raise UsageError(f'a fold is a Fold, such as Fold.parse("2/5"), or None, found {self.fold!r}.')

    def to_json(self) -> dict[str, Any]:
        """Plain data that ``RunSpec.from_json`` reads back; also the format of a spec file.

        A fold is mentioned where there is one, so that runs from before there were any are the same data.
        """
        plain = {
            "stage": self.stage,
            "dataset": str(self.dataset),
            "edition": self.edition,
            "backbone": str(self.backbone),
            "initializer": str(self.initializer),
            "recipe": self.recipe.to_json(),
            "pretraining": self.pretraining.to_json() if self.pretraining else None,
            "seed": self.seed,
        }
        return plain if self.fold is None else plain | {"fold": str(self.fold)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunSpec:
        """The spec of ``to_json``'s plain data.

        Raises:
            UsageError: if a field is missing or does not fit.
        """
        from specs.recipe import Recipe

        if not isinstance(data, dict):
            raise UsageError(
                f"a run spec is an object of settings, found {shown(data)}. `medtransfer run ... --dry-run --json` "
                "prints a whole one."
            )
        missing = {"stage", "dataset", "edition", "backbone", "initializer", "recipe"} - set(data)
        extra = set(data) - set(cls.__dataclass_fields__)
        if missing or extra:
            odd = shown(sorted(extra, key=str)) if extra else "nothing"
            raise UsageError(
                f"not a run spec: missing {sorted(missing) or 'nothing'}, unknown {odd}. "
                "`medtransfer run ... --dry-run --json` prints a whole one."
            )
        return cls(
            stage=data["stage"],
            dataset=parse(data["dataset"]),
            edition=data["edition"],
            backbone=parse(data["backbone"]),
            initializer=parse(data["initializer"]),
            recipe=Recipe.from_json(data["recipe"]),
            pretraining=Recipe.from_json(data["pretraining"]) if data.get("pretraining") is not None else None,
            seed=data.get("seed", 0),
            fold=Fold.parse(data["fold"]) if data.get("fold") is not None else None,
        )


def canonical_json(data: Any) -> str:
    """The one spelling of plain data: sorted keys, no spaces, no NaN."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(data: Any) -> str:
    """The sha256 of plain data's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()
