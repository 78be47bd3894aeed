r"""Which initialization is best for images of your own?

  medtransfer compare DIR
  medtransfer compare 'folder("ward-7", patient="patient")' --data-root DIR
  medtransfer compare 'folder("ward-7", patient="patient")' --from random imagenet moco_v2 --backbone resnet50
  medtransfer compare 'medmnist("pneumoniamnist")' --edition phantom --backbone tiny --from random fractals \
      --recipe phantom/classification --pretraining phantom/pretraining

Every row tries each learning rate once (--retune: N times), in a run that sees no test image, and takes the one that is
best on the validation split. Then all rows race: runs with fresh seeds are spent where they decide, and a row rests
once it is shown not better than the leader by more than the margin. Each of these runs is tested, and test scores are
looked at when the rows have 2, 3, 4, 6, 9, 13 and 20 runs (--folds: of each part; --retune: N at most), so several
times, until the question is settled or the budget is spent. The level of 95 % is that of all looks together: of such
comparisons at most one in twenty makes any false claim (docs/decisions.md). A finished run is never repeated.

Without --backbone the network is EfficientNet-Lite0, which is small and has ImageNet weights that come with pip, at a
size that fits the images.
"""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from experiments.cli.commands.options import (
    FOLDER,
    add_edition,
    add_execution,
    add_executor,
    add_images,
    add_paths,
    count_from,
    images_of,
    points,
    session_of,
    settings_of,
)
from experiments.cli.commands.showing import show_made, show_plan
from experiments.cli.paths import FileToWrite
from specs.quoting import shown

HELP = "find the best initialization for a dataset of your own"


# Long: a declaration for each option, in the order of the help.
def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer compare``."""
    parser.add_argument(
        "dataset",
        metavar="EXPR|DIR",
        help="the dataset, such as 'folder(\"ward-7\")', or a folder, as `medtransfer describe` reads it",
    )
    parser.add_argument(
        "--from", dest="initializers", nargs="+", default=["random", "imagenet"], metavar="ROW",
        help="initializations, each 'NAME = WEIGHTS on BACKBONE by ADAPTATION', where all but the weights may be left "
        "out; the first one is the reference (default: random imagenet)",
    )  # fmt: skip
    parser.add_argument(
        "--backbone", metavar="EXPR",
        help="the network of rows that name none (default: efficientnet_lite0, whose ImageNet weights come with pip, "
        "and unless --recipe or --set image_size=PIXELS says it, a size from 32 to 224 pixels that fits the images)",
    )  # fmt: skip
    parser.add_argument(
        "--recipe", metavar="STUDY/NAME",
        help="the recipe of the fine-tunings (default: compare/classification or compare/segmentation)",
    )  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument(
        "--pretraining", metavar="STUDY/NAME", help="the recipe of supervised pretrainings that rows need"
    )
    parser.add_argument(
        "--learning-rates", type=_rates, default=(1e-4, 3e-4, 1e-3), metavar="LIST",
        help="the learning rates that each row tries (default: 1e-4,3e-4,1e-3)",
    )  # fmt: skip
    parser.add_argument(
        "--margin", type=points, default=1.0, metavar="POINTS",
        help="the largest difference that does not matter to you, in points of the score (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--budget", metavar="RUNS|TIME",
        help="the limit up to which runs are spent until the question is settled for new patients too, such as 40 "
        "(runs, with those that tune), 2h or 90min (of runs, added up; no wave begins after it) (default: runs are "
        "spent until it is settled for these test images, and at most 70 %% of the runs of every row at every rate and "
        "ten seeds)",
    )  # fmt: skip
    parser.add_argument(
        "--control", action="store_true",
        help="run the reference once more with other seeds: whatever tells the two apart is a false alarm",
    )  # fmt: skip
    parser.add_argument(
        "--retune", type=count_from(1), default=1, metavar="N",
        help="pick each row's learning rate N times by other runs, and take the picks in turn, so that what the "
        "pick adds to the spread of the runs counts; there are then at most N runs of a row (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--folds", type=count_from(3), metavar="K",
        help="make the most of few patients: deal all of them into K parts; with each seed there is a run for each "
        "part, which is its test split, while another one validates and the rest trains; rates are picked in each fold",
    )  # fmt: skip
    parser.add_argument(
        "--licence", choices=("commercial",),
        help="leave out rows of weights whose licences forbid commercial use, or are not known to allow it, and say so",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=FOLDER, default="tables", metavar="DIR",
        help="where the rendered files go (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--report", type=FileToWrite(".html", ".htm", or_folder=True), default=".", metavar="FILE",
        help="the page, or a folder for it (default: here, named like the table's files)",
    )  # fmt: skip
    add_images(parser)
    add_edition(parser)
    add_executor(parser)
    add_paths(parser)
    add_execution(parser)


def _rates(text: str) -> tuple[float, ...]:
    """The learning rates in a text of positive numbers that are separated by commas."""
    try:
        rates = tuple(float(one) for one in text.split(","))
    except ValueError:
        rates = ()
    if not rates or not all(0 < rate < 100 for rate in rates):
        raise argparse.ArgumentTypeError(f"expected learning rates such as 1e-4,3e-4,1e-3, found {shown(text)}")
    if len(set(rates)) < len(rates):
        raise argparse.ArgumentTypeError(f"a learning rate is named twice in {shown(text)}. Name each once")
    return rates


def execute(options: argparse.Namespace) -> int:
    """Make the comparison and print its result, or with ``--dry-run`` its plan; returns the exit status."""
    from experiments.session.budget import parse_budget
    from experiments.session.question import Question

    with session_of(options) as session:
        dataset = session.dataset(options.dataset)
        asked: dict[str, Any] = {
            "backbone": options.backbone,
            "edition": options.edition,
            "recipe": options.recipe,
            "settings": settings_of(options.set),
            "pretraining": options.pretraining,
            "learning_rates": options.learning_rates,
            "margin": options.margin,
            "control": options.control,
            "retune": options.retune,
            "folds": options.folds,
            "licence": options.licence,
        }
        if options.dry_run:
            budget = None if options.budget is None else parse_budget(options.budget)
            question = Question(dataset=dataset, initializers=options.initializers, budget=budget, **asked)
            show_plan(session.plan_comparison(question), options)
            return 0
        made = session.compare(
            dataset,
            options.initializers,
            **asked,
            budget=options.budget,
            output=options.output,
            page=options.report,
            images=images_of(options),
        )
        status = show_made(made, options.json)
        if not options.json:
            print(f"report: {made.page}")
            for path in made.files:
                if status == 0 and path.suffix == ".json":
                    print(f"to predict new images: medtransfer predict {shlex.quote(str(path))} IMAGES")
        return status
