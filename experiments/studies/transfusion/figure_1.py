"""Transfusion, figure 1: medical images beside natural or formula images, and how they differ (Raghu et al. 2019)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from experiments.run.paths import Paths
from experiments.studies.transfusion.profiles import PROFILES
from experiments.tables.preset import Profile
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis, Runs
from specs.expression import parse
from specs.run import Edition

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

SHOWN, MEASURED = 4, 60
"""How many training images of each dataset are drawn, and how many are measured, spread evenly over the split."""

SIDE = 32
"""Height and width in pixels at which images are compared."""


DRAWN = {"fractals (formula)": "fractals"}
NATURAL: dict[Profile, dict[str, str]] = {"phantom": DRAWN, "smoke": DRAWN, "paper": {"ImageNet": "imagenet"}}
"""The datasets that networks are pretrained on, by their labels in the figure."""

MEDICAL = {"EyePACS": "eyepacs", "CheXpert": "chexpert"}


class Look(NamedTuple):
    """The appearance of a dataset's images: examples of them, and numbers that compare datasets.

    Attributes:
        label: the label of the dataset in the figure.
        images: the images that are drawn, uint8 (H, W, 3).
        size: the median height and width, in pixels.
        saturation: the mean saturation of the measured images in the HSV color model, in [0, 1].
        alike: the mean correlation of an image with the mean of the others, in [-1, 1], all in gray and at ``SIDE``
            pixels.
        classes: the number of classes of the dataset's task.
    """

    label: str
    images: list[NDArray[np.uint8]]
    size: tuple[int, int]
    saturation: float
    alike: float
    classes: int


def figure_1(profile: Profile = "phantom") -> RunAnalysis:
    """Images of ImageNet (formula-drawn ones in the phantom profile), fundus photographs and chest x-rays."""
    edition = PROFILES[profile].edition
    return RunAnalysis(
        title="Images that networks are transferred from, and to",
        question="How do medical images differ from those that networks are pretrained on?",
        edition=edition,
        networks=None,
        analyze=partial(_analyze, NATURAL[profile] | MEDICAL, edition),
        of_patients=edition == "real",
    )


def _analyze(shown: dict[str, str], edition: Edition, runs: Runs, paths: Paths) -> AnalysisResult:
    looks = [_look(label, expression, edition, paths) for label, expression in shown.items()]
    return AnalysisResult(
        header=("images", "size, pixels", "classes", "saturation", "alike"),
        rows=[
            (
                look.label,
                "{} x {}".format(*look.size),
                str(look.classes),
                f"{look.saturation:.2f}",
                f"{look.alike:.2f}",
            )
            for look in looks
        ],
        notes=(
            f"Of {MEASURED} training images of each, evenly spread, or all if there are fewer. Size: median height and "
            "width. Saturation: mean in [0, 1], a measure of color. Alike: mean correlation of an image with the mean "
            f"of the others at {SIDE} pixels: high where every image shows the same anatomy in the same place, so that "
            "what matters is a small local change.",
        ),
        draw=partial(_draw, looks),
    )


def _look(label: str, expression: str, edition: Edition, paths: Paths) -> Look:
    dataset, root = paths.open(parse(expression), edition)
    samples = dataset.index(root).split("train")
    count = min(MEASURED, len(samples))
    step = max(count // SHOWN, 1)
    drawn: list[NDArray[np.uint8]] = []
    sizes, saturations, small = [], [], []
    for number in range(count):  # one by one, since sixty photographs of a fundus camera take gigabytes
        image = _three(dataset.read_image(root, samples[number * len(samples) // count]))
        if number % step == 0 and len(drawn) < SHOWN:
            drawn.append(image)
        sizes.append(image.shape[:2])
        saturations.append(cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 1].mean() / 255)
        small.append(_small(image))
    height, width = np.median(sizes, axis=0)
    return Look(
        label,
        drawn,
        (int(height), int(width)),
        float(np.mean(saturations)),
        alike(np.stack(small)),
        len(dataset.task.classes),
    )


def _three(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (H, W), (H, W, 1) or (H, W, 3) with three channels, (H, W, 3)."""
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)


def _small(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float64).ravel()


def alike(images: NDArray[np.float64]) -> float:
    """The mean correlation of each image with the mean of the others.

    Args:
        images: N images of equal size as rows, (N, pixels), where N is 2 or more.

    Returns:
        The mean correlation in [-1, 1], to which an image without any contrast contributes 0.
    """
    total, found = images.sum(axis=0), []
    for image in images:
        others = (total - image) / (len(images) - 1)
        a, b = image - image.mean(), others - others.mean()
        scale = np.linalg.norm(a) * np.linalg.norm(b)
        found.append(float(a @ b / scale) if scale > 0 else 0.0)
    return float(np.mean(found))


def _draw(looks: list[Look]) -> Drawing:
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(7.5, 1.9 * len(looks)), layout="constrained")
    for line, look in enumerate(looks):
        for place, image in enumerate(look.images):
            axes = drawing.add_subplot(len(looks), SHOWN, line * SHOWN + place + 1)
            height, width = image.shape[:2]
            scale = min(1.0, 256 / max(height, width))
            size = max(round(width * scale), 1), max(round(height * scale), 1)
            axes.imshow(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
            axes.set_xticks([])
            axes.set_yticks([])
            if place == 0:
                axes.set_ylabel(look.label, fontsize=9)
    return drawing
