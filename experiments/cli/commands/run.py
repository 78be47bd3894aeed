r"""Do one run: fine-tune a dataset from an initialization, with the pretrainings that it needs.

The spec comes from options or from a file that `--dry-run --json` printed; --set overrides recipe settings. Weights may
bring their network and a name, which the command prints: --initializer 'ImageNet = imagenet on resnet18'.
  medtransfer run --dataset drive --edition phantom --initializer fractals --recipe phantom/segmentation \
      --pretraining phantom/pretraining --backbone tiny --set epochs=3 --set 'optimizer=adam(1e-3)'
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_execution, add_executor, add_places, session_of, settings_of
from experiments.cli.commands.showing import score_lines, show_dry_run, show_run
from specs.errors import UsageError
from specs.row import parse_row

if TYPE_CHECKING:
    from experiments.session.session import Session
    from specs.run import RunSpec

HELP = "do one run and the pretrainings that it needs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--spec", type=Path, metavar="FILE", help="a run spec as JSON; other options override it")
    parser.add_argument("--dataset", metavar="EXPR", help="such as drive or 'medmnist(\"pneumoniamnist\")'")
    parser.add_argument("--edition", choices=("real", "phantom"), help="of the dataset (default: real)")
    parser.add_argument("--backbone", metavar="EXPR", help="such as tiny or resnet50")
    parser.add_argument(
        "--initializer", metavar="ROW",
        help="such as random or 'mean_var(fractals)', or with a name and its network, 'NAME = WEIGHTS on BACKBONE', "
        "where all but the weights may be left out",
    )  # fmt: skip
    parser.add_argument("--recipe", metavar="STUDY/NAME", help="`medtransfer list recipes` shows them")
    parser.add_argument("--pretraining", metavar="STUDY/NAME", help="recipe of required pretrainings")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument("--seed", type=int, help="of the run (default: 0)")
    add_places(parser)
    add_execution(parser)
    add_executor(parser)


def execute(options: argparse.Namespace) -> int:
    """Resolve, show, and unless it is a dry run, do it."""
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
        UsageError: if something is missing or does not fit.
    """
    base = _from_file(options.spec) if options.spec else None
    named = {name: getattr(options, name) for name in ("dataset", "backbone", "initializer", "recipe")}
    if options.initializer and not options.backbone:
        named["backbone"] = parse_row(options.initializer).backbone
    lacking = [f"--{name}" for name, value in named.items() if not value]
    if base is None and lacking:
        raise UsageError(f"medtransfer run: {', '.join(lacking)} missing. Give them, or a whole spec with --spec FILE.")
    return session.spec(
        base,
        dataset=options.dataset,
        backbone=options.backbone,
        initializer=options.initializer,
        recipe=options.recipe,
        edition=options.edition,
        pretraining=options.pretraining,
        settings=settings_of(options.set),
        seed=options.seed,
    )


def _from_file(path: Path) -> RunSpec:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"medtransfer run: there is no spec file {path}.") from None
    except ValueError as error:
        raise UsageError(f"medtransfer run: {path} is not JSON ({error}).") from error
    if not isinstance(data, dict):
        raise UsageError(f"medtransfer run: {path} holds no JSON object.")
    from specs.run import RunSpec

    return RunSpec.from_json(data)
