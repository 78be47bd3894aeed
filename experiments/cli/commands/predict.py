r"""Predict new images with the network of a finished run, or with all networks of a row of a table.

The file of a comparison stands for the row that it advises to start from: the mean over its seeds predicts.
  medtransfer predict tables/compare-folder-1a2b3c4d.json new-images/
  medtransfer predict 3f2a77 image1.png image2.png --threshold specificity=0.95

The table predictions.csv has a row for each image: probabilities, the decision at a threshold that is chosen on the
validation images, and whether the image is unlike those that the network learned (it is in color where they are not, or
far from them by the network's features or by its looks). Masks go into the folder masks. An interrupted prediction goes
on where it stopped. For research; not a medical device.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from experiments.cli.commands.options import FOLDER, add_paths, paths_of
from experiments.cli.commands.showing import note
from experiments.cli.paths import check_writable, to_read
from specs.errors import DataError

HELP = "predict new images with the networks of finished runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer predict``."""
    parser.add_argument(
        "run",
        metavar="KEY|FILE",
        help="the beginning of a run's key, or a table such as tables/compare-folder-1a2b3c4d.json",
    )
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGES",
        help="a folder of images, or image files of one folder",
    )
    parser.add_argument("--row", metavar="ROW", help="the row of the table (default: the one that it advises)")
    parser.add_argument("--column", metavar="COLUMN", help="the column of the table, where it has several")
    parser.add_argument(
        "--threshold", default="specificity=0.9", metavar="RULE",
        help="how the threshold of yes and no is chosen on the validation images: specificity=SHARE or "
        "sensitivity=SHARE (at least that), youden (the largest sum of both), or a probability such as 0.5 (default: "
        "%(default)s, as in tables)",
    )  # fmt: skip
    parser.add_argument(
        "--any-image", action="store_true",
        help="do not look whether images are unlike those that the network learned, which needs the run's own images",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=FOLDER, default=Path("predictions"), metavar="DIR",
        help="the folder of the predictions (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Predict the images and print what was found; returns the exit status."""
    from rich.console import Console

    from experiments.cli.progress_bars import ProgressBars
    from experiments.session.session import Session

    check_writable(options, "output")
    images = [to_read(text, "predict") for text in options.images]
    console = Console(stderr=True)
    with ProgressBars(console) as bars:
        session = Session(paths_of(options), say=note, steps=bars)
        result = session.predict(
            options.run, images, options.output, row=options.row, column=options.column,
            threshold=options.threshold, any_image=options.any_image,
        )  # fmt: skip
    words = "\n".join([*result.sentences, f"table: {result.table}"])
    print(json.dumps(result.to_json(), indent=1) if options.json else words)
    return DataError.exit_status if result.tally.unread else 0
