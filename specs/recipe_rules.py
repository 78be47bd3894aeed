"""Rules on the settings of a recipe that do not go together, and on one that had another name at first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specs.errors import UsageError
from specs.quoting import plain, shown
from specs.registry import ADAPTATIONS

FIRST = {"full": "all", "head": "head"}
"""The two adaptations that there were at first, when the setting was called ``trained``, with their names then.

Recipes are still stored so, and keys computed from that: runs of before keep theirs.
"""


def checked_adaptation(text: str, method: str | None) -> str:
    """The shortest spelling of an adaptation, which a self-supervised method does not go with.

    Args:
        text: the expression of an adaptation.
        method: the expression of a self-supervised method; None: labels are learned.

    Raises:
        UsageError: if there is no such adaptation, an argument does not fit, or there is a method too.
    """
    adaptation = text if text in FIRST else str(ADAPTATIONS.short(text))
    if adaptation != "full" and method is not None:
        raise UsageError(
            f"recipe: adaptation={shown(adaptation)} says how a network learns from labels, and the method {method} "
            'uses none. Use adaptation="full", or a recipe without a method.'
        )
    return adaptation


def named_as_before(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as they are stored, where the first two adaptations have their first names."""
    others = {name: value for name, value in settings.items() if name != "adaptation"}
    adaptation = settings["adaptation"]
    return others | ({"trained": FIRST[adaptation]} if adaptation in FIRST else {"adaptation": adaptation})


def named_as_now(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Stored or given settings, where ``trained`` is called ``adaptation`` and its ``all`` is called ``full``.

    Raises:
        UsageError: if both names are given, or ``trained`` has another value than it could have.
    """
    if "trained" not in settings:
        return dict(settings)
    first = {before: now for now, before in FIRST.items()}
    trained = settings["trained"]
    if "adaptation" in settings or not isinstance(trained, str) or trained.strip("\"'") not in first:
        raise UsageError(
            f"recipe: trained is the first name of adaptation and takes all or head, found {shown(trained)}. Give "
            "adaptation alone, such as adaptation=head."
        )
    return {name: value for name, value in settings.items() if name != "trained"} | {
        "adaptation": first[trained.strip("\"'")]
    }


def check_classes(method: str | None, class_weights: str, sampling: str) -> None:
    """Refuse to make up for rare classes twice, or where no labels are used.

    Args:
        method: the expression of a self-supervised method; None: labels are learned.
        class_weights: the weights of the classes in the loss, such as ``none``.
        sampling: how training images are drawn, such as ``shuffled``.

    Raises:
        UsageError: names the settings and the remedy.
    """
    weighted, drawn = class_weights != "none", sampling != "shuffled"
    if method is not None and (weighted or drawn):
        raise UsageError(
            f"recipe: class_weights and sampling are about labels, which the method {method} does not use. Leave them "
            "out, or name no method."
        )
    if weighted and drawn:
        raise UsageError(
            f'recipe: class_weights="{class_weights}" and sampling="{sampling}" each make up for rare classes, and '
            "together they would do it twice. Take one of them."
        )


def check_decoder(method: str | None, decoder: str) -> None:
    """Refuse a decoder where no masks are learned.

    Args:
        method: the expression of a self-supervised method; None: labels are learned.
        decoder: the decoder of a segmentation, such as ``auto``.

    Raises:
        UsageError: names the settings and the remedy.
    """
    if method is not None and decoder != "auto":
        raise UsageError(
            f"recipe: decoder={plain(decoder)} is for segmentations, and the method {method} has none. Leave the "
            "decoder out, or name no method."
        )


def check_crops(image_size: int, crop_from: int | None, test_time_augmentation: str) -> None:
    """Refuse crops out of images that are no larger.

    Args:
        image_size: height and width of the crops, in pixels.
        crop_from: height and width of the images, in pixels; None: the image size.
        test_time_augmentation: the crops that a test averages over, such as ``none``.

    Raises:
        UsageError: names the settings and the remedy.
    """
    if crop_from is not None and crop_from < image_size:
        raise UsageError(f"recipe: crop_from must be at least the image size of {image_size}, found {crop_from}.")
    if test_time_augmentation == "ten_crop" and crop_from in (None, image_size):
        raise UsageError(
            f"recipe: ten_crop takes crops of {image_size} pixels out of larger images; found crop_from="
            f"{crop_from}. Give the larger size."
        )
