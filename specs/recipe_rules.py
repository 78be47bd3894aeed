"""Rules on the settings of a recipe that do not go together."""

from __future__ import annotations

from specs.errors import UsageError
from specs.quoting import plain


def check_method(method: str | None, trained: str, images: str, decoder: str) -> None:
    """Refuse settings that go with a self-supervised method only, or with none.

    Args:
        method: the expression of a self-supervised method; None: labels are learned.
        trained: what is trained, such as ``all``.
        images: the images that a method learns from, such as ``train``.
        decoder: the decoder of a segmentation, such as ``auto``.

    Raises:
        UsageError: names the settings and the remedy.
    """
    if trained == "head" and method is not None:
        raise UsageError(
            f'recipe: trained="head" keeps the backbone as it is, and the method {method} is there to train '
            'it. Use trained="all", or a recipe without a method.'
        )
    if images != "train" and method is None:
        raise UsageError(
            f'recipe: images="{images}" is for self-supervised methods, which use no labels. Name a method.'
        )
    if decoder != "auto" and method is not None:
        raise UsageError(
            f"recipe: decoder={plain(decoder)} is for segmentations, and the method {method} has none. Leave "
            "the decoder out, or name no method."
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
