"""Rules on the settings of a recipe that do not go together."""

from __future__ import annotations

from specs.errors import UsageError
from specs.quoting import plain


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
