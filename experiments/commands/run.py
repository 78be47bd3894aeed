r"""Do one run: fine-tune a dataset from an initialization, with the pretrainings that it needs.

The spec comes from options or from a file that `--dry-run --json` printed; --set overrides recipe settings:
  medtransfer run --dataset drive --edition phantom --initializer fractals --recipe phantom/segmentation \
      --pretraining phantom/pretraining --backbone tiny --set epochs=3 --set 'optimizer=adam(1e-3)'
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from experiments.commands.options import add_execution, add_executor, add_places, places
from experiments.commands.single import do, overridden, scores_in_words
from specs.errors import UsageError
from specs.expression import parse
from specs.run import RunSpec

NAME = "run"
HELP = "do one run and the pretrainings that it needs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--spec", type=Path, metavar="FILE", help="a run spec as JSON; other options override it")
    parser.add_argument("--dataset", metavar="EXPR", help="such as drive or 'medmnist(\"pneumoniamnist\")'")
    parser.add_argument("--edition", choices=("real", "phantom"), help="of the dataset (default: real)")
    parser.add_argument("--backbone", metavar="EXPR", help="such as tiny or resnet50")
    parser.add_argument("--initializer", metavar="EXPR", help="such as random or 'mean_var(fractals)'")
    parser.add_argument("--recipe", metavar="STUDY/NAME", help="`medtransfer list recipes` shows them")
    parser.add_argument("--pretraining", metavar="STUDY/NAME", help="recipe of required pretrainings")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument("--seed", type=int, help="of the run (default: 0)")
    add_places(parser)
    add_execution(parser)
    add_executor(parser)


def execute(options: argparse.Namespace) -> int:
    """Resolve, show, and unless it is a dry run, do it."""
    from experiments.overlap import overlap
    from experiments.resolve import Resolver

    spec = spec_of(options)
    resolved = Resolver(places(options), options.devices).resolve(spec)
    found = overlap(spec.initializer, spec.dataset, spec.edition) if spec.stage == "finetune" else None
    if found:
        print(
            f"warning: these weights have seen images of {', '.join(found.collections)}, which the test set is from; "
            "the score may be too high.",
            file=sys.stderr,
        )
    record = do(resolved, options)
    if record is not None:
        words = "\n".join([*scores_in_words(record), f"files: {record.folder}"])
        print(json.dumps(record.data, indent=1) if options.json else words)
    return 0


def spec_of(options: argparse.Namespace) -> RunSpec:
    """The spec that the options describe.

    Raises:
        UsageError: if something is missing or does not fit.
    """
    from experiments.resolve import recipe_named

    spec = _from_file(options.spec) if options.spec else None
    needed = {name: getattr(options, name) for name in ("dataset", "backbone", "initializer", "recipe")}
    lacking = [f"--{name}" for name, value in needed.items() if value is None]
    if spec is None and lacking:
        raise UsageError(f"medtransfer run: {', '.join(lacking)} missing. Give them, or a whole spec with --spec FILE.")
    changes = {
        name: parse(text) for name in ("dataset", "backbone", "initializer") if (text := getattr(options, name))
    } | {name: value for name in ("edition", "seed") if (value := getattr(options, name)) is not None}
    if options.recipe:
        changes["recipe"] = recipe_named(options.recipe)
    if options.pretraining:
        changes["pretraining"] = recipe_named(options.pretraining)
    if spec is None:
        spec = RunSpec(**{"stage": "finetune", "edition": "real", **changes})
    else:
        spec = dataclasses.replace(spec, **changes)
    return dataclasses.replace(spec, recipe=overridden(spec.recipe, options.set))


def _from_file(path: Path) -> RunSpec:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"medtransfer run: there is no spec file {path}.") from None
    except ValueError as error:
        raise UsageError(f"medtransfer run: {path} is not JSON ({error}).") from error
    if not isinstance(data, dict):
        raise UsageError(f"medtransfer run: {path} holds no JSON object.")
    return RunSpec.from_json(data)
