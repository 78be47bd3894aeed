r"""Do one run: fine-tune a dataset from an initialization, with the pretrainings that it needs.

The spec comes from options or from a file that `--dry-run --json` printed; --set overrides recipe settings. Weights may
bring their network and a name, which the command prints: --initializer 'ImageNet = imagenet on resnet18'.
  medtransfer run --dataset drive --edition phantom --initializer fractals --recipe phantom/segmentation \
      --pretraining phantom/pretraining --backbone tiny --set epochs=3 --set 'optimizer=adam(1e-3)'
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_execution, add_executor, add_paths, session_of, settings_of
from experiments.cli.commands.showing import score_lines, show_dry_run, show_run
from experiments.cli.paths import FileToRead
from specs.errors import UsageError
from specs.row import parse_row

if TYPE_CHECKING:
    from experiments.session.session import Session
    from specs.run import RunSpec

HELP = "do one run and the pretrainings that it needs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer run``."""
    parser.add_argument(
        "--spec", type=FileToRead(), metavar="FILE", help="a run spec as JSON; other options override it"
    )
    parser.add_argument(
        "--dataset", metavar="EXPR|DIR",
        help="the dataset, such as drive or 'medmnist(\"pneumoniamnist\")', or a folder of images",
    )  # fmt: skip
    parser.add_argument(
        "--edition", choices=("real", "phantom"),
        help="the edition of the dataset: its published files, or drawn images (default: real)",
    )  # fmt: skip
    parser.add_argument("--backbone", metavar="EXPR", help="the backbone, such as tiny or resnet50")
    parser.add_argument(
        "--initializer", metavar="ROW",
        help="the initialization, such as random or 'mean_var(fractals)', or with a name and its network, 'NAME = "
        "WEIGHTS on BACKBONE', where all but the weights may be left out",
    )  # fmt: skip
    parser.add_argument("--recipe", metavar="STUDY/NAME", help="the recipe; `medtransfer list recipes` shows all")
    parser.add_argument("--pretraining", metavar="STUDY/NAME", help="the recipe of required supervised pretrainings")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument("--seed", type=int, help="the seed of the run (default: 0)")
    add_paths(parser)
    add_execution(parser)
    add_executor(parser)


def execute(options: argparse.Namespace) -> int:
    """Show the run and do it, or with ``--dry-run`` show the plan; returns the exit status."""
    with session_of(options) as session:
        spec = spec_of(options, session)
        if options.dry_run:
            show_dry_run(session.plan_run(spec), spec, options.json, options.initializer)
            return 0
        session.provide(spec)
        resolved = session.resolve(spec)
        if not options.json:
            show_run(spec, resolved.key, options.initializer)
        result = session.run(resolved)
        words = "\n".join([*score_lines(result), f"files: {result.record.folder}"])
        print(json.dumps(result.record.data, indent=1) if options.json else words)
        return 0


def spec_of(options: argparse.Namespace, session: Session) -> RunSpec:
    """The spec that the options describe.

    Raises:
        UsageError: if an option is missing or does not fit the others.
    """
    from specs.spec_file import read_spec

    base = read_spec(options.spec) if options.spec else None
    named = {name: getattr(options, name) for name in ("dataset", "backbone", "initializer", "recipe")}
    if options.initializer and not options.backbone:
        named["backbone"] = parse_row(options.initializer).backbone
    lacking = [f"--{name}" for name, value in named.items() if not value]
    if base is None and lacking:
        raise UsageError(f"medtransfer run: {', '.join(lacking)} missing. Give them, or a whole spec with --spec FILE.")
    return session.spec(
        base,
        dataset=session.dataset(options.dataset) if options.dataset else None,
        backbone=options.backbone,
        initializer=options.initializer,
        recipe=options.recipe,
        edition=options.edition,
        pretraining=options.pretraining,
        settings=settings_of(options.set),
        seed=options.seed,
    )
