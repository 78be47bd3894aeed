"""The parts of recipes: optimizers, learning-rate schedules, augmentation steps and views."""

# Long file: views and one_of check their own parts, by the very functions that read them from text and JSON.

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from specs.errors import UsageError, unknown
from specs.expression import Call, Value, show
from specs.quoting import shown
from specs.signature import bind


@dataclass(frozen=True)
class Adam:
    """Adam (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html)."""

    learning_rate: float
    weight_decay: float = 0.0


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).

    Attributes:
        learning_rate: the learning rate of all parameters, above 0.
        weight_decay: how much of each parameter that ``decayed`` names is taken off, times the learning rate.
        decayed: the parameters that decay: ``all``, or the ``weights`` without biases and normalization layers.
        beta2: the factor by which the average of squared gradients shrinks at each step, in [0, 1); that of gradients
            is 0.9.
    """

    learning_rate: float
    weight_decay: float = 0.01
    decayed: Literal["all", "weights"] = "all"
    beta2: float = 0.999


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent (https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html).

    Attributes:
        learning_rate: the learning rate of all parameters, above 0.
        momentum: the factor by which the momentum buffer shrinks at each step, in [0, 1).
        weight_decay: how much of each parameter that ``decayed`` names is added to its gradient.
        decayed: the parameters that decay: ``all``, or the ``weights`` without biases and normalization layers.
    """

    learning_rate: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    decayed: Literal["all", "weights"] = "all"


@dataclass(frozen=True)
class Lars:
    """Layer-wise adaptive rate scaling (You et al. 2017) as SimCLR's, BYOL's and Barlow Twins' codes have it.

    Biases and normalization layers are neither adapted nor decayed.

    Attributes:
        learning_rate: the learning rate of the weights, above 0.
        momentum: the factor by which the momentum buffer shrinks at each step, in [0, 1).
        weight_decay: how much of each weight is added to its gradient.
        trust: the coefficient of the ratio of the norms of weights and gradient, which scales a layer's learning rate.
        bias_learning_rate: the learning rate of biases and normalization layers; None: it is ``learning_rate``.
        classic_momentum: whether the learning rate scales what enters the momentum (SimCLR), else what leaves it.
    """

    learning_rate: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    trust: float = 0.001
    bias_learning_rate: float | None = None
    classic_momentum: bool = False


@dataclass(frozen=True)
class Larc:
    """Layer-wise adaptive rates of all parameters, biases and normalization layers included, as SwAV's code has them.

    Attributes:
        learning_rate: the learning rate of all parameters, above 0.
        momentum: the factor by which the momentum buffer shrinks at each step, in [0, 1).
        weight_decay: how much of each parameter is added to its gradient.
        trust: the coefficient of the ratio of the norms of weights and gradient, which scales a layer's learning rate.
    """

    learning_rate: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    trust: float = 0.001


@dataclass(frozen=True)
class Constant:
    """Keep the learning rate as it is."""


@dataclass(frozen=True)
class Plateau:
    """Multiply the learning rate by ``factor`` after ``patience`` epochs without a better selection score."""

    factor: float = 0.5
    patience: int = 5


@dataclass(frozen=True)
class Cosine:
    """Lower the learning rate along a cosine to its share ``final``, once per epoch, after a linear warm-up."""

    warmup_epochs: int = 0
    final: float = 0.0


@dataclass(frozen=True)
class MultiStep:
    """Multiply the learning rate by ``factor`` after each of the ``milestones``, in epochs."""

    milestones: tuple[int, ...]
    factor: float = 0.1


@dataclass(frozen=True)
class HorizontalFlip:
    """Mirror left and right with probability ``p``."""

    p: float = 0.5


@dataclass(frozen=True)
class VerticalFlip:
    """Mirror up and down with probability ``p``."""

    p: float = 0.5


@dataclass(frozen=True)
class Rotate:
    """Rotate by an angle drawn from [-``degrees``, ``degrees``], bilinear, filled with 0 (masks: nearest)."""

    degrees: float = 7.0
    p: float = 1.0


@dataclass(frozen=True)
class RandomResizedCrop:
    """Crop a share of the area drawn from [``smallest``, ``largest``], aspect ratio 3/4 to 4/3, to the image size."""

    smallest: float = 0.08
    p: float = 1.0
    largest: float = 1.0


@dataclass(frozen=True)
class BrightnessContrast:
    """Change brightness and contrast by a share drawn from [-``limit``, ``limit``] each."""

    limit: float = 0.2
    p: float = 0.5


@dataclass(frozen=True)
class ColorJitter:
    """Change brightness, contrast, saturation and hue (in turns of the color circle) by shares of at most these."""

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.1
    p: float = 0.8


@dataclass(frozen=True)
class Grayscale:
    """Remove the color of color images."""

    p: float = 0.2


@dataclass(frozen=True)
class GaussianBlur:
    """Blur by a Gaussian whose standard deviation, in pixels, is drawn from [``low``, ``high``]."""

    low: float = 0.1
    high: float = 2.0
    p: float = 0.5


@dataclass(frozen=True)
class Solarize:
    """Invert the pixels of at least ``threshold`` (in [0, 1])."""

    threshold: float = 0.5
    p: float = 0.2


@dataclass(frozen=True)
class Elastic:
    """Elastic deformation (Simard et al. 2003, https://doi.org/10.1109/ICDAR.2003.1227801).

    Each pixel is displaced by smoothed noise, whose draws from [-1, 1] are uniform, after an affine transform.

    Attributes:
        alpha: the factor of the smoothed noise, in pixels.
        sigma: the standard deviation of the Gaussian filter that smooths the noise, in pixels.
        p: the probability that an image is deformed, in [0, 1].
        affine: the largest shift of each of the three points that define the affine transform, in pixels; x and y are
            drawn from [-``affine``, ``affine``].
    """

    alpha: float = 120.0
    sigma: float = 6.0
    p: float = 0.5
    affine: float = 0.0


@dataclass(frozen=True)
class Gamma:
    """Raise intensities in [0, 1] to the power 1 / g, with g a whole percent of [1 - ``limit``, 1 + ``limit``]."""

    limit: float = 0.2
    p: float = 0.5


@dataclass(frozen=True)
class GridDistortion:
    """Stretch the cells of a grid of ``cells`` x ``cells`` by shares drawn from [-``limit``, ``limit``]."""

    cells: int = 5
    limit: float = 0.3
    p: float = 0.5


@dataclass(frozen=True)
class OpticalDistortion:
    """Bend as a lens does, with both coefficients one draw from [-``limit``, ``limit``]."""

    limit: float = 0.05
    p: float = 0.5


@dataclass(frozen=True)
class SizedCrop:
    """Crop a square whose side is a share of the image's height drawn from [``smallest``, 1], to the image size."""

    smallest: float = 0.7
    p: float = 0.25


@dataclass(frozen=True)
class OneOf:
    """Do one of the steps with probability ``p``; each is chosen in proportion to its own ``p``."""

    steps: tuple[Step, ...]
    p: float = 0.5

    def __post_init__(self) -> None:
        """Check the steps.

        Raises:
            UsageError: if there are none, or one of them is no single step.
        """
        object.__setattr__(self, "steps", tuple(checked(step, "augmentation") for step in self.steps))
        if not self.steps or any(isinstance(step, OneOf) for step in self.steps):
            raise UsageError(f"recipe: one_of takes single steps, found {', '.join(map(str, self.steps)) or 'none'}.")


Optimizer = Adam | AdamW | SGD | Lars | Larc
Schedule = Constant | Plateau | Cosine | MultiStep
Step = (
    HorizontalFlip
    | VerticalFlip
    | Rotate
    | RandomResizedCrop
    | BrightnessContrast
    | ColorJitter
    | Grayscale
    | GaussianBlur
    | Solarize
    | Elastic
    | Gamma
    | GridDistortion
    | OpticalDistortion
    | SizedCrop
)
Augmentation = Step | OneOf


@dataclass(frozen=True)
class Views:
    """Views of each image that self-supervised learning compares, all made in one way.

    Attributes:
        count: how many views are made in this way, 1 or more.
        image_size: height and width of each view, in pixels.
        augmentation: the steps that make each view, in this order.
    """

    count: int
    image_size: int
    augmentation: tuple[Augmentation, ...]

    def __post_init__(self) -> None:
        """Check counts and steps.

        Raises:
            UsageError: names the setting, what it takes and what was given.
        """
        for name in ("count", "image_size"):
            number = getattr(self, name)
            if type(number) is not int or number < 1:
                raise UsageError(f"recipe: views have a whole number from 1 as {name}, found {shown(number)}.")
        object.__setattr__(self, "augmentation", checked_steps(self.augmentation))


OPTIMIZERS: dict[str, type] = {"adam": Adam, "adamw": AdamW, "sgd": SGD, "lars": Lars, "larc": Larc}
SCHEDULES: dict[str, type] = {"constant": Constant, "plateau": Plateau, "cosine": Cosine, "multi_step": MultiStep}
AUGMENTATIONS: dict[str, type] = {
    "horizontal_flip": HorizontalFlip,
    "vertical_flip": VerticalFlip,
    "rotate": Rotate,
    "random_resized_crop": RandomResizedCrop,
    "brightness_contrast": BrightnessContrast,
    "color_jitter": ColorJitter,
    "grayscale": Grayscale,
    "gaussian_blur": GaussianBlur,
    "solarize": Solarize,
    "elastic": Elastic,
    "gamma": Gamma,
    "grid_distortion": GridDistortion,
    "optical_distortion": OpticalDistortion,
    "sized_crop": SizedCrop,
    "one_of": OneOf,
}
_LATER: dict[type, dict[str, Any]] = {AdamW: {"decayed": "all", "beta2": 0.999}}
"""Settings that parts did not have at first, with the values that reproduce what was done then."""

_VOCABULARIES = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "augmentation": AUGMENTATIONS}
_NAMES = {cls: name for name, cls in (OPTIMIZERS | SCHEDULES | AUGMENTATIONS).items()}


def no_expression(package: str, inner: Call) -> Call:
    """Refuse an expression as an argument of a recipe's part, whose arguments are literals.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"recipe: {inner} is an expression where a literal was expected.")


def read(value: Value, noun: str) -> Any:
    """The part that an expression such as ``adam(1e-3)`` describes.

    Args:
        value: the expression of an optimizer, a schedule or an augmentation step.
        noun: what it has to be: ``optimizer``, ``schedule`` or ``augmentation``.

    Raises:
        UsageError: if there is no such part, or its arguments do not fit.
    """
    vocabulary = _VOCABULARIES[noun]
    if not isinstance(value, Call):
        raise UsageError(f"recipe: {noun} takes a name with arguments, found {shown(value)}.")
    if value.name not in vocabulary:
        raise unknown(noun, value.name, vocabulary)
    cls = vocabulary[value.name]
    if cls is OneOf:  # its arguments are steps themselves
        steps = tuple(read(step, noun) for step in value.args)
        return OneOf(steps, **bind(Call("one_of", (), value.kwargs), _share, no_expression).arguments())  # type: ignore[arg-type]
    return cls(**bind(value, cls, no_expression).arguments())


def _share(p: float = 0.5) -> None:
    """The arguments of ``one_of`` beside its steps, as a signature to check them by."""


def read_views(value: Value) -> Views:
    """The views that an expression describes, such as ``views(2, 224, random_resized_crop(0.14), horizontal_flip)``.

    Raises:
        UsageError: if it does not, or a step does not exist.
    """
    if not isinstance(value, Call) or value.name != "views" or len(value.args) < 2 or value.kwargs:
        found = value if isinstance(value, Call) else show(value)
        raise UsageError(f"recipe: views are written as views(COUNT, SIZE, STEP, ...), found {found}.")
    count, size, *steps = value.args
    return Views(count, size, tuple(read(step, "augmentation") for step in steps))  # type: ignore[arg-type]


def checked(part: Any, noun: str) -> Any:
    """The same optimizer, schedule or augmentation with its values checked and ints made floats.

    Raises:
        UsageError: if it is none, or a value does not fit.
    """
    vocabulary = _VOCABULARIES[noun]
    if type(part) not in vocabulary.values():
        raise UsageError(f"recipe: {noun} takes one of {', '.join(vocabulary)}, found {shown(part)}.")
    return from_json(to_json(part), noun)


def checked_steps(steps: Any) -> tuple[Any, ...]:
    """The same steps of augmentation, with their values checked.

    Raises:
        UsageError: if they are no list of steps, or a value does not fit.
    """
    if not isinstance(steps, list | tuple):
        raise UsageError(f"recipe: augmentation takes a list of steps, found {shown(steps)}.")
    return tuple(checked(step, "augmentation") for step in steps)


def to_json(part: Any) -> dict[str, Any]:
    """Plain data of an optimizer, a schedule, a step of augmentation or views.

    Settings of ``_LATER`` are written out only where they change something: recipes and keys from before there were any
    stay the same.
    """
    if isinstance(part, Views):
        return dataclasses.asdict(part) | {"augmentation": [to_json(step) for step in part.augmentation]}
    if isinstance(part, OneOf):
        return {"name": "one_of", "steps": [to_json(step) for step in part.steps], "p": part.p}
    later = _LATER.get(type(part), {})
    settings = {name: value for name, value in dataclasses.asdict(part).items() if (name, value) not in later.items()}
    return {"name": _NAMES[type(part)]} | settings


def from_json(data: Any, noun: str) -> Any:
    """The part of ``to_json``'s plain data.

    Raises:
        UsageError: if there is no such part, or a setting does not fit.
    """
    if noun == "views":
        names = [field.name for field in dataclasses.fields(Views)]
        if not isinstance(data, dict) or set(data) != set(names) or not isinstance(data["augmentation"], list | tuple):
            raise UsageError(f"recipe: views take an object of {', '.join(names)}, found {shown(data)}.")
        return Views(**data | {"augmentation": tuple(from_json(step, "augmentation") for step in data["augmentation"])})
    if not isinstance(data, dict):
        raise UsageError(f'recipe: {noun} takes an object with a "name" and its settings, found {shown(data)}.')
    if noun == "augmentation" and data.get("name") == "one_of":
        if set(data) != {"name", "steps", "p"} or not isinstance(data["steps"], list | tuple):
            raise UsageError(f"recipe: one_of takes an object of name, steps and p, found {shown(data)}.")
        share = bind(Call("one_of", (), (("p", data["p"]),)), _share, no_expression).arguments()
        return OneOf(tuple(from_json(step, noun) for step in data["steps"]), **share)  # type: ignore[arg-type]
    arguments = tuple(
        (name, tuple(value) if isinstance(value, list) else value) for name, value in data.items() if name != "name"
    )
    return read(Call(str(data.get("name")), (), arguments), noun)
