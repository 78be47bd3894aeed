"""A recipe: everything that changes a run's result and is not the data, the weights or the seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from specs.errors import UsageError, unknown
from specs.expression import Call, parse
from specs.quoting import plain, shown
from specs.recipe_parts import (
    Augmentation,
    Constant,
    HorizontalFlip,
    Optimizer,
    RandomResizedCrop,
    Rotate,
    Schedule,
    Views,
    checked,
    checked_steps,
    from_json,
    no_expression,
    read,
    read_views,
    to_json,
)
from specs.recipe_rules import (
    check_classes,
    check_crops,
    check_decoder,
    checked_adaptation,
    named_as_before,
    named_as_now,
)
from specs.signature import bind

Resampling = Literal["antialiased", "bilinear", "nearest"]
MemoryFormat = Literal["auto", "contiguous", "channels_last", "channels_last_small"]


CONSTANT = Constant()


class Form(NamedTuple):
    """How images are brought to a size.

    Attributes:
        size: height and width of the images, in pixels, or ``source``: images keep the size of their files.
        resampling: how images are resampled, as a recipe's ``resampling``; it has no effect at the size ``source``.
    """

    size: int | Literal["source"]
    resampling: Resampling = "antialiased"

    def __str__(self) -> str:
        return "source" if self.size == "source" else f"{self.size}-{self.resampling}"


class CropSteps(NamedTuple):
    """The augmentation of the ``fast`` and ``exact`` pipelines: these steps in this order; None or 0 leaves one out.

    Attributes:
        smallest: the smallest share of the area that ``RandomResizedCrop`` keeps, in (0, 1].
        flip: the probability of ``HorizontalFlip``, in [0, 1].
        degrees: the largest angle of ``Rotate`` to either side, in degrees.
    """

    smallest: float | None
    flip: float
    degrees: float | None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a run trains, validates and tests.

    Attributes:
        image_size: height and width of the network's input, in pixels.
        batch_size: the number of images per optimizer step, over all devices together.
        epochs: the most epochs that are trained.
        interval: the number of optimizer steps from one validation to the next; None: a whole pass over the training
            images. With an interval, an epoch of whatever counts epochs (``epochs``, ``early_stopping``, ``schedule``,
            a method's warm-up) is so many steps, each epoch on images drawn anew without replacement.
        optimizer: the optimizer: ``Adam``, ``AdamW``, ``SGD``, ``Lars`` or ``Larc`` with its settings.
        schedule: the schedule of the learning rate: ``Constant``, ``Plateau``, ``Cosine`` or ``MultiStep``, stepped
            once per epoch.
        early_stopping: the number of epochs without a better selection score after which training stops; None never
            stops early.
        selection: the validation score that picks the best epoch and drives plateaus and early stopping: ``loss``
            (lower is better) or ``metric`` (the task's own, higher is better); ``last`` takes the last epoch, and the
            training loss drives the others.
        method: the expression of a self-supervised pretraining method, such as ``moco_v2(queue=4096)``; None learns
            from labels.
        adaptation: the expression of what fine-tuning trains, and how: ``full``, ``head``, ``lora(rank=4)`` or another
            of ``lightning_modules/adaptation``.
        loss: ``auto`` is binary cross-entropy with logits (multilabel, binary, masked where a label is missing),
            cross-entropy (multiclass) and soft Dice (segmentation; of several classes the sum of it and cross-entropy);
            for segmentation, ``bce`` is cross-entropy alone, ``dice`` soft Dice alone, ``bce_dice`` their sum.
        decoder: the decoder of a segmentation, such as ``upernet`` (`medtransfer list decoders`); ``auto`` is the U-Net
            where it fits the backbone, else UPerNet.
        class_weights: the weights of the classes in the loss of training and validation: ``none``, or ``balanced``, by
            how rare they are among the training images: of exclusive classes n / (K n_c), as scikit-learn's
            ``balanced``, with the mean over weights; of yes and no negatives over positives as the weight of positives.
        sampling: how an epoch draws the training images: ``shuffled``, each once; or ``balanced``, as many with
            replacement, so that each of the exclusive classes is equally likely, and likewise each image of a class.
        images: the images that a self-supervised method learns from: the training split's, or the test split's too,
            which a table marks; labels are never used.
        augmentation: applied to training images in this order.
        views: the views of each image, for a self-supervised method whose views differ in size or augmentation; none:
            as many as the method compares, all by ``augmentation``.
        pipeline: what augments: ``albumentations`` (any steps), or, for ``random_resized_crop``,
            ``horizontal_flip`` and ``rotate`` in this order, ``fast`` (the same distributions, resampled by OpenCV)
            or ``exact`` (torchvision's arithmetic on Pillow images, number by number).
        stored_size: height and width that training images are brought to before augmentation, in pixels, and that
            `medtransfer prepare` stores; ``source`` leaves them as they are; None is the image size.
        resampling: how images are brought to a size before augmentation: ``antialiased`` (Pillow's bilinear filter),
            ``bilinear`` or ``nearest`` (OpenCV's).
        crop_from: for classification, the size in pixels that validation and test images are brought to before their
            middle is taken; None brings them to the image size.
        normalization: the statistics that normalize the input: ``card`` (what the weights expect), ``imagenet``,
            ``inception`` ([-1, 1]), or ``none`` ([0, 1]).
        dropout: the probability of dropout before the classification head or the segmentation head, in [0, 1).
        test_time_augmentation: the crops that a test averages over: ``none``, ``flip`` (the mean probability over the
            image and its mirror image) or ``ten_crop`` (classification: over the four corners and the middle of the
            image and of its mirror image).
        precision: the precision of the arithmetic: ``32`` or ``bf16`` (bfloat16 autocast).
        memory_format: how images and feature maps lie in memory: ``contiguous`` (channel by channel), ``channels_last``
            (pixel by pixel), ``channels_last_small`` (with ``lightning_modules.small_maps``), or ``auto``, the last one
            where the backbone has depthwise convolutions, which a CPU then trains faster. The last digits differ.
        compiled: whether torch.compile makes one program of the training step's forward and backward pass (of a
            self-supervised method: of the backbone, in every step). It fuses and reorders operations, so the last
            digits and the draws of dropout differ, and the first steps wait for the compiler. Tests are not compiled.
        deterministic: whether torch's deterministic algorithms are asked for, so that a GPU gives the same numbers each
            time too; other kernels, often slower ones. A CPU gives the same numbers without it.
        batch_norm: the images that batch norm takes its statistics from: ``local`` (those of each device) or ``sync``
            (those of all devices).
        threads: the number of CPU threads of the run; part of the recipe, since it changes the order of summation.
    """

    image_size: int
    batch_size: int
    epochs: int
    optimizer: Optimizer
    interval: int | None = None
    schedule: Schedule = CONSTANT
    early_stopping: int | None = None
    selection: Literal["loss", "metric", "last"] = "loss"
    method: str | None = None
    adaptation: str = "full"
    loss: Literal["auto", "bce", "dice", "bce_dice"] = "auto"
    decoder: str = "auto"
    class_weights: Literal["none", "balanced"] = "none"
    sampling: Literal["shuffled", "balanced"] = "shuffled"
    images: Literal["train", "train+test"] = "train"
    augmentation: tuple[Augmentation, ...] = ()
    views: tuple[Views, ...] = ()
    pipeline: Literal["albumentations", "fast", "exact"] = "albumentations"
    stored_size: int | Literal["source"] | None = None
    resampling: Resampling = "antialiased"
    crop_from: int | None = None
    normalization: Literal["card", "imagenet", "inception", "none"] = "card"
    dropout: float = 0.0
    test_time_augmentation: Literal["none", "flip", "ten_crop"] = "none"
    precision: Literal["32", "bf16"] = "32"
    memory_format: MemoryFormat = "contiguous"
    compiled: bool = False
    deterministic: bool = False
    batch_norm: Literal["local", "sync"] = "local"
    threads: int = 1

    def __post_init__(self) -> None:
        """Check types and ranges, with whole numbers turned into floats where a float is meant.

        Raises:
            UsageError: names the setting, what it takes and what was given.
        """
        plain = {name: getattr(self, name) for name in _PLAIN}
        bound = bind(Call("recipe", (), tuple(plain.items())), _plain_signature, no_expression).arguments()
        for name, value in bound.items():
            object.__setattr__(self, name, value)
        for name in ("optimizer", "schedule"):
            object.__setattr__(self, name, checked(getattr(self, name), name))
        object.__setattr__(self, "augmentation", checked_steps(self.augmentation))
        if not isinstance(self.views, list | tuple) or not all(isinstance(one, Views) for one in self.views):
            raise UsageError(f"recipe: views take a list of views, found {shown(self.views)}.")
        object.__setattr__(self, "views", tuple(self.views))
        for name in _COUNTS:
            number = getattr(self, name)
            if isinstance(number, int) and number < 1:
                raise UsageError(f"recipe: {name} must be at least 1, found {number}.")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"recipe: dropout must be in [0, 1), found {self.dropout}.")
        if self.optimizer.learning_rate <= 0:
            raise UsageError(f"recipe: the learning rate must be positive, found {self.optimizer.learning_rate}.")
        if self.views and (self.method is None or self.augmentation):
            raise UsageError(
                "recipe: views say how a self-supervised method's images are augmented; found "
                f"{'no method' if self.method is None else 'augmentation too'}. Give a method, and steps in one place."
            )
        object.__setattr__(self, "adaptation", checked_adaptation(self.adaptation, self.method))
        if self.images != "train" and self.method is None:
            raise UsageError(
                f'recipe: images="{self.images}" is for self-supervised methods, which use no labels. Name a method.'
            )
        check_classes(self.method, self.class_weights, self.sampling)
        check_decoder(self.method, self.decoder)
        check_crops(self.image_size, self.crop_from, self.test_time_augmentation)
        if self.pipeline != "albumentations":
            self.crop_steps()
        for name in ("stored_size", "crop_from"):  # one spelling for the default: None
            if getattr(self, name) == self.image_size:
                object.__setattr__(self, name, None)

    @property
    def training_form(self) -> Form:
        """How training images are brought to a size before augmentation."""
        return Form(self.stored_size or self.image_size, self.resampling)

    @property
    def evaluation_form(self) -> Form:
        """How validation and test images are brought to a size."""
        return Form(self.crop_from or self.image_size, self.resampling)

    def crop_steps(self) -> CropSteps:
        """The recipe's augmentation in the form that the ``fast`` and ``exact`` pipelines take.

        Raises:
            UsageError: if it has other steps, another order, or a crop or rotation that is not always done.
        """
        smallest, flip, degrees = None, 0.0, None
        rest = self.augmentation
        if rest and isinstance(step := rest[0], RandomResizedCrop) and step.p == step.largest == 1:
            smallest, rest = step.smallest, rest[1:]
        if rest and isinstance(step := rest[0], HorizontalFlip):
            flip, rest = step.p, rest[1:]
        if rest and isinstance(step := rest[0], Rotate) and step.p == 1:
            degrees, rest = step.degrees, rest[1:]
        if rest:
            raise UsageError(
                f'recipe: pipeline="{self.pipeline}" does random_resized_crop(p=1, largest=1), horizontal_flip and '
                "rotate(p=1), each at most once and in this order; found "
                f'{", ".join(map(str, self.augmentation))}. Use that order or pipeline="albumentations".'
            )
        return CropSteps(smallest, flip, degrees)

    def to_json(self) -> dict[str, Any]:
        """Plain data that ``Recipe.from_json`` reads back.

        Every setting is written out, but those of ``_LATER`` only where they change something: recipes and keys from
        before there were any stay the same.
        """
        plain: dict[str, Any] = {
            name: value for name in _PLAIN if (value := getattr(self, name)) != _LATER.get(name, dataclasses.MISSING)
        }
        return named_as_before(plain) | {
            "optimizer": to_json(self.optimizer),
            "schedule": to_json(self.schedule),
            "augmentation": [to_json(step) for step in self.augmentation],
            "views": [to_json(views) for views in self.views],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recipe:
        """The recipe of ``to_json``'s plain data.

        Raises:
            UsageError: if a setting is unknown, missing or out of range.
        """
        if not isinstance(data, dict):
            raise UsageError(f"recipe: expected an object of settings, found {shown(data)}.")
        settings: dict[str, Any] = {}
        for name, value in named_as_now(data).items():
            if name not in cls.__dataclass_fields__:
                raise unknown("recipe setting", name, cls.__dataclass_fields__)
            if name in ("optimizer", "schedule"):
                value = from_json(value, name)
            elif name in ("augmentation", "views") and isinstance(value, list | tuple):
                value = tuple(from_json(part, name) for part in value)
            settings[name] = value
        required = {field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING}
        if lacking := sorted(required - set(settings)):
            raise UsageError(f"recipe: {', '.join(lacking)} missing. Write every required setting out.")
        return cls(**settings)

    def override(self, settings: Mapping[str, str]) -> Recipe:
        """A copy with settings changed, all given as text: ``{"epochs": "3", "optimizer": "adam(1e-3)"}``.

        Raises:
            UsageError: if a setting does not exist or does not take the value, or the settings do not fit each other.
        """
        current = named_as_now(settings)
        return dataclasses.replace(self, **{name: self._value(name, text) for name, text in current.items()})

    def _value(self, setting: str, text: str) -> Any:
        if setting not in self.__dataclass_fields__:
            raise unknown("recipe setting", setting, self.__dataclass_fields__)
        if setting in ("optimizer", "schedule"):
            return read(parse(text), setting)
        if setting in ("augmentation", "views"):
            steps = parse(f"steps({text})")
            if steps.kwargs:
                raise UsageError(f'recipe: {setting} takes a list of names with arguments, found "{plain(text)}".')
            return tuple(read_views(one) if setting == "views" else read(one, setting) for one in steps.args)
        given = parse(f"value({text})")
        if len(given.args) != 1 or given.kwargs:
            raise UsageError(f'recipe: {setting} takes one value, found "{plain(text)}".')
        # A bare word, such as imagenet, is meant as text.
        return text if isinstance(given.args[0], Call) or setting == "precision" else given.args[0]


def _plain_signature(
    image_size: int,
    batch_size: int,
    epochs: int,
    interval: int | None,
    early_stopping: int | None,
    selection: Literal["loss", "metric", "last"],
    method: str | None,
    adaptation: str,
    loss: Literal["auto", "bce", "dice", "bce_dice"],
    decoder: str,
    class_weights: Literal["none", "balanced"],
    sampling: Literal["shuffled", "balanced"],
    images: Literal["train", "train+test"],
    pipeline: Literal["albumentations", "fast", "exact"],
    stored_size: int | Literal["source"] | None,
    resampling: Resampling,
    crop_from: int | None,
    normalization: Literal["card", "imagenet", "inception", "none"],
    dropout: float,
    test_time_augmentation: Literal["none", "flip", "ten_crop"],
    precision: Literal["32", "bf16"],
    memory_format: MemoryFormat,
    compiled: bool,
    deterministic: bool,
    batch_norm: Literal["local", "sync"],
    threads: int,
) -> None:
    """The settings that are plain literals, for type checks."""


_LATER = {"decoder": "auto", "class_weights": "none", "sampling": "shuffled"}
"""Settings that recipes did not have at first, with the values that reproduce what was done then."""

_COUNTS = ("image_size", "batch_size", "epochs", "interval", "threads", "early_stopping", "stored_size", "crop_from")
_PLAIN = tuple(_plain_signature.__annotations__)[:-1]
