"""How a pretrained first layer should meet four channels: the rules of ``first_layer``, by test AUROC on drawn images.

    python -m benchmarks.first_layer [--seeds N] [--images N] [--epochs N] [--folder DIR]

ImageNet's weights of EfficientNet-Lite0, which come with pip, are fine-tuned on drawn images of four channels, a file
each: one anatomy in four contrasts, under noise. In the task ``one channel`` half of the images show a spot in the
fourth channel. In ``difference`` all show a spot in the second, and half of them the same spot in the first: only the
two channels together tell. Images are as many in each split and task, and every rule gets the same seeds. Runs are kept
in the folder, where there is one, and a later start goes on from them.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.session.session import Session

Task = Literal["one channel", "difference"]
ROWS = {
    "mean": 'first_layer(imagenet, "mean")',
    "repeat": 'first_layer(imagenet, "repeat")',
    "drawn": 'first_layer(imagenet, "drawn")',
    "random network": "random",
}
SUFFIXES = ("_t1", "_t1ce", "_t2", "_flair")
SIZE = 64
"""Height and width of the drawn images, in pixels."""

WIDTH, HEIGHT = 4.0, 0.9
"""The standard deviation of a spot in pixels, and its brightness in standard deviations of the noise of a pixel."""

CONTRASTS = (1.0, 0.8, -0.9, -0.5)
"""How strongly each channel shows the anatomy; below 0, what is bright in others is dark."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the mean test AUROC of each rule and task, with the standard deviation over seeds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="runs of each rule and task (default: 5)")
    parser.add_argument("--images", type=int, default=200, help="images of each split (default: 200)")
    parser.add_argument("--epochs", type=int, default=8, help="epochs of each run (default: 8)")
    parser.add_argument("--folder", type=Path, help="where images and runs are kept (default: nowhere)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        for task in get_args(Task):
            for row, scores in measured(folder, task, options.seeds, options.images, options.epochs).items():
                spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
                print(f"{task:12} {row:15} {statistics.mean(scores):.3f} +- {spread:.3f}", flush=True)


def measured(folder: Path, task: Task, seeds: int, images: int, epochs: int) -> dict[str, list[float]]:
    """The test AUROC of each rule, one for each seed.

    Args:
        folder: the folder that images and runs are kept in.
        task: what the images show.
        seeds: the number of runs of each rule.
        images: the number of images of each split.
        epochs: the number of epochs of each run.
    """
    where = folder / "data" / f"{task.replace(' ', '-')}-{images}"
    if not (where / "labels.csv").is_file():
        draw(where, task, images)
    session = Session(folder, wandb="disabled")
    scores: dict[str, list[float]] = {row: [] for row in ROWS}
    for seed in range(seeds):
        for row, weights in ROWS.items():
            spec = session.spec(
                dataset=f'folder("{where}", split="split", channel_suffixes={SUFFIXES})',
                backbone="efficientnet_lite0",
                initializer=weights,
                recipe="phantom/classification",
                settings={"epochs": epochs, "image_size": SIZE, "optimizer": "adam(0.001)"},
                seed=seed,
            )
            auroc, *_ = session.run(spec).scores.values()
            scores[row].append(float(auroc or 0.0))
    return scores


def draw(folder: Path, task: Task, images: int) -> None:
    """Write images of three splits, a file for each channel, and the table of their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["image,positive,split"]
    for place in range(3 * images):
        generator = np.random.default_rng([24, get_args(Task).index(task), place])
        found = place % 2 == 1
        for suffix, channel in zip(SUFFIXES, drawn(generator, task, found), strict=True):
            Image.fromarray(channel).save(folder / f"{place:04d}{suffix}.png")
        lines.append(f"{place:04d},{int(found)},{('train', 'validation', 'test')[place // images]}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def drawn(generator: np.random.Generator, task: Task, found: bool) -> list[NDArray[np.uint8]]:
    """The four channels of an image, each (SIZE, SIZE) uint8.

    Args:
        generator: the generator of all that varies.
        task: what the images show.
        found: whether the image shows the finding of the task.
    """
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    waves = [
        np.sin((rows * np.sin(angle) + columns * np.cos(angle)) / scale + phase)
        for angle, scale, phase in zip(
            generator.uniform(0, np.pi, 6), generator.uniform(4, 12, 6), generator.uniform(0, 6, 6), strict=True
        )
    ]
    anatomy = np.sum(waves, axis=0) / 2
    down, across = generator.uniform(-SIZE / 3, SIZE / 3, 2)
    spot = HEIGHT * np.exp(-((rows - down) ** 2 + (columns - across) ** 2) / (2 * WIDTH**2))
    shown = {"one channel": (0, 0, 0, found), "difference": (found, 1, 0, 0)}[task]
    channels = []
    for contrast, there in zip(CONTRASTS, shown, strict=True):
        values = contrast * anatomy + there * 2 * spot + generator.normal(0, 0.5, (SIZE, SIZE))
        channels.append(np.clip(128 + 32 * values, 0, 255).astype(np.uint8))
    return channels


if __name__ == "__main__":
    main()
