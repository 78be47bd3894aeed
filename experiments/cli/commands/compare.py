r"""Which initialization is best for images of your own?

  medtransfer compare 'folder("ward-7", patient="patient")' --data-root DIR
  medtransfer compare 'folder("ward-7", patient="patient")' --from random imagenet moco_v2 --backbone resnet50
  medtransfer compare 'medmnist("pneumoniamnist")' --edition phantom --backbone tiny --from random fractals \
      --recipe phantom/classification --pretraining phantom/pretraining

Every row has the same budget: each learning rate is tried once, the best on the validation split is taken, and the test
split is seen with that one alone, over seeds. Then come the table's statistics, a recommendation that says how sure it
is, and a report. What is done is never done again.

Without --backbone the network is EfficientNet-Lite0, which is small and has ImageNet weights that pip brings, at a size
that fits the images.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from experiments.cli.commands.options import (
    add_edition,
    add_execution,
    add_executor,
    add_images,
    add_places,
    add_statistics,
    count_from,
    images_of,
    session_of,
    settings_of,
    statistics_of,
)
from experiments.cli.commands.showing import show_made, show_plan

HELP = "find the best initialization for a dataset of your own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dataset", metavar="EXPR", help="such as 'folder(\"ward-7\")'; docs/datasets.md says how")
    parser.add_argument(
        "--from", dest="initializers", nargs="+", default=["random", "imagenet"], metavar="ROW",
        help="initializations, each 'NAME = WEIGHTS on BACKBONE', where all but the weights may be left out; the first "
        "one is the reference (default: random imagenet)",
    )  # fmt: skip
    parser.add_argument(
        "--backbone", metavar="EXPR",
        help="(default: efficientnet_lite0, whose ImageNet weights come with pip, and unless --recipe or "
        "--set image_size=PIXELS says it, a size from 32 to 224 pixels that fits the images)",
    )  # fmt: skip
    parser.add_argument(
        "--recipe", metavar="STUDY/NAME", help="(default: compare/classification or compare/segmentation)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument("--pretraining", metavar="STUDY/NAME", help="recipe of the pretrainings that rows need")
    parser.add_argument(
        "--learning-rates", type=_rates, default=(1e-4, 3e-4, 1e-3), metavar="LIST",
        help="that each row tries (default: 1e-4,3e-4,1e-3)",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=count_from(2), default=5, metavar="N", help="runs per row (default: %(default)s)"
    )
    parser.add_argument(
        "--report", type=Path, default=Path(), metavar="FILE",
        help="the page, or a folder for it (default: here, named like the table's files)",
    )  # fmt: skip
    add_images(parser)
    add_edition(parser)
    add_executor(parser)
    add_statistics(parser)
    add_places(parser)
    add_execution(parser)


def _rates(text: str) -> tuple[float, ...]:
    """Positive numbers, separated by commas."""
    try:
        rates = tuple(float(one) for one in text.split(","))
    except ValueError:
        rates = ()
    if not rates or not all(0 < rate < 100 for rate in rates):
        raise argparse.ArgumentTypeError(f"expected learning rates such as 1e-4,3e-4,1e-3, found {text}")
    return rates


def execute(options: argparse.Namespace) -> int:
    """Tune, run, render, recommend."""
    from experiments.session.comparing import Question

    with session_of(options) as session:
        asked: dict[str, Any] = {
            "backbone": options.backbone,
            "edition": options.edition,
            "recipe": options.recipe,
            "settings": settings_of(options.set),
            "pretraining": options.pretraining,
            "learning_rates": options.learning_rates,
            "seeds": options.seeds,
        }
        if options.dry_run:
            question = Question(dataset=options.dataset, initializers=options.initializers, **asked)
            show_plan(session.plan_comparison(question), options.json)
            return 0
        made = session.compare(
            options.dataset,
            options.initializers,
            **asked,
            statistics=statistics_of(options),
            output=options.output,
            page=options.report,
            images=images_of(options),
        )
        status = show_made(made, options.json)
        if not options.json:
            print(f"report: {made.page}")
        return status
