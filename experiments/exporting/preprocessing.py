"""What is done to an image before a network sees it and to what it gives, as plain data that any program can follow.

The steps are those by which a test reads images (``datamodules.files.images``, ``datamodules.files.resampling``,
``datamodules.pipeline.resize_crop``), named as Pillow and OpenCV name them.
"""

from __future__ import annotations

from typing import Any

from datamodules.pipeline.resize_crop import middle, tested_size
from specs.notice import RESEARCH_ONLY
from specs.recipe import Recipe, Resampling
from specs.task import Task

FORMAT = "medtransfer preprocessing, version 1"
"""The name of this form of description."""

INPUT, OUTPUT = "image", "probabilities"
"""The names of the input and of the output of an exported network."""

FILTERS: dict[Resampling, tuple[str, str]] = {
    "antialiased": ("Pillow Image.resize", "BILINEAR"),
    "bilinear": ("OpenCV cv2.resize", "INTER_LINEAR"),
    "nearest": ("OpenCV cv2.resize", "INTER_NEAREST"),
}
"""The function that resizes images and the name of its filter, by a recipe's way of resampling."""

VIEWS = {
    "none": "the image alone",
    "flip": "the image and its mirror image; probabilities are means over both",
    "ten_crop": "the four corners and the middle of the image and of its mirror image; probabilities are means over "
    "the ten crops",
}
"""What the network averages over, by a recipe's test-time augmentation."""


def preprocessing(recipe: Recipe, task: Task, channels: int, mean: list[float], std: list[float]) -> dict[str, Any]:
    """The description of a network's input and output, as plain data.

    Args:
        recipe: the recipe that the network was trained and tested by.
        task: the task that the network has learned.
        channels: the number of channels of the images.
        mean: the mean of each channel on the [0, 1] scale, by which the network normalizes its input.
        std: the standard deviation of each channel on that scale.
    """
    size = tested_size(recipe)
    exclusive = task.kind == "multiclass" or (task.kind == "segmentation" and task.outputs > 1)
    return {
        "format": FORMAT,
        "notice": RESEARCH_ONLY,
        "input": {
            "name": INPUT,
            "type": "uint8",
            "shape": ["batch", channels, size, size],
            "channels": {1: "gray", 3: "red, green, blue"}.get(channels, "a gray image each, in the order of training"),
        },
        "steps": _steps(recipe, channels, size),
        "inside the network": {
            **({"channels": f"the gray image is repeated over {len(mean)} channels"} if channels < len(mean) else {}),
            "normalization": {"formula": "(image / 255 - mean) / std", "mean": mean, "std": std},
            "test-time augmentation": VIEWS[recipe.test_time_augmentation],
            "activation": "softmax over the outputs" if exclusive else "sigmoid of each output",
        },
        "output": _output(task, size),
    }  # fmt: skip


def _steps(recipe: Recipe, channels: int, size: int) -> list[dict[str, Any]]:
    """The steps from a file to the network's input, in order."""
    mode = "RGB" if channels == 3 else "L"
    whole, (function, name) = recipe.evaluation_form.size, FILTERS[recipe.resampling]
    steps: list[dict[str, Any]] = [
        {
            "step": "read",
            "with": "Pillow Image.open",
            "formats": ["PNG", "JPEG", "TIFF", "GIF"],
            "files": 1 if channels in (1, 3) else channels,
            "note": "DICOM files, volumes and arrays first become such pictures by the rules of the dataset.",
        },
        {
            "step": "stretch",
            "when": "the values have more than 8 bits or a sign",
            "formula": "rint((value - lowest) * 255 / max(highest - lowest, 1e-12)) in 64-bit floats, where lowest and "
            "highest are those of the image's own values, all colors together, without transparency",
        },
        {
            "step": "convert",
            "with": "Pillow Image.convert",
            "mode": mode,
            "note": "Transparency is ignored. LAB becomes RGB first.",
        },
        {
            "step": "turn",
            "with": "Pillow ImageOps.exif_transpose",
            "note": "Upright, as the orientation tag 0x0112 says.",
        },
        {"step": "resize", "with": function, "filter": name, "height": whole, "width": whole,
         "note": "Whatever the aspect ratio is; an image of this size already stays as it is."},
    ]  # fmt: skip
    if isinstance(whole, int) and whole != size:
        first = middle(whole, size)
        steps.append({"step": "crop", "top": first, "left": first, "height": size, "width": size})
    return [*steps, {"step": "arrange", "type": "uint8", "shape": ["batch", channels, size, size]}]


def _output(task: Task, size: int) -> dict[str, Any]:
    """What the network gives, and how a decision is made of it."""
    if task.kind != "segmentation":
        return {
            "name": OUTPUT,
            "type": "float32",
            "shape": ["batch", len(task.classes)],
            "kind": task.kind,
            "classes": list(task.classes),
        }
    background = ["background"] if task.outputs > 1 else []
    return {
        "name": OUTPUT,
        "type": "float32",
        "shape": ["batch", task.outputs, size, size],
        "kind": task.kind,
        "classes": [*background, *task.classes],
        "resize": {"with": "OpenCV cv2.resize", "filter": "INTER_LINEAR", "to": "the size of the image's file"},
        "mask": "the place of the largest probability, counted from 0" if background else "1 above 0.5, else 0",
    }
