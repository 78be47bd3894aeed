"""The input pipeline of the benchmark's official code, written anew as the peer that ours is compared with.

It does what ``dataloader.py`` of BenchmarkTransferLearning (Version 1) does: every image is opened by Pillow,
converted to RGB and passed through torchvision's transforms at each access.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import albumentations
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import transforms

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def training() -> transforms.Compose:
    """The training transforms: random resized crop to 224, flip, rotation by up to 7 degrees, ImageNet's statistics."""
    return transforms.Compose(
        [
            transforms.RandomResizedCrop(224),
            transforms.RandomHorizontalFlip(),
            transforms.RandomRotation(7),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )


def ten_crop() -> transforms.Compose:
    """The test transforms: resizing to 256 x 256, and ten crops of 224 as normalized tensors."""

    def normalized(crops: Sequence[Image.Image]) -> Tensor:
        tensors = torch.stack([transforms.ToTensor()(crop) for crop in crops])
        return torch.stack([transforms.Normalize(MEAN, STD)(tensor) for tensor in tensors])

    return transforms.Compose([transforms.Resize((256, 256)), transforms.TenCrop(224), transforms.Lambda(normalized)])


class Images(Dataset[Tensor]):
    """A dataset of image files, which are decoded and transformed at each access."""

    def __init__(self, paths: Sequence[Path], transform: transforms.Compose) -> None:
        self.paths, self.transform = paths, transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> Tensor:
        image: Tensor = self.transform(Image.open(self.paths[number]).convert("RGB"))
        return image


def segmentation_item(
    image: Path, mask: Path, augmentation: albumentations.Compose | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """An image (3, 224, 224) and its mask (1, 224, 224), resized by nearest neighbour, augmented, in [0, 1]."""
    pixels = np.array(Image.open(image).convert("RGB")).astype("uint8")
    truth = np.array(Image.open(mask).convert("L")).astype("uint8")
    pixels = cv2.resize(pixels, (224, 224), interpolation=cv2.INTER_NEAREST)
    truth = cv2.resize(truth, (224, 224), interpolation=cv2.INTER_NEAREST)
    truth[truth > 0] = 255
    if augmentation is not None:
        both = augmentation(image=pixels, mask=truth)
        pixels, truth = both["image"], both["mask"]
    return (pixels / 255.0).transpose(2, 0, 1).astype("float32"), (truth / 255.0)[None].astype("uint8")
