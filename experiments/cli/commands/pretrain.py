r"""Do one pretraining, and write its weights to a file whose header describes them.

  medtransfer pretrain 'ssl("moco_v2", on="chestxray14")' --backbone resnet50 --export chest.safetensors
  medtransfer pretrain 'supervised(on="fractals", labels="coarse")' --edition phantom --backbone 'cbr("tiny")' \
      --recipe phantom/pretraining --set epochs=3

A finished pretraining is not repeated. The file holds the backbone's tensors and, in its header, a card: the method,
the data that were seen, the input normalization. file("chest.safetensors") loads it anywhere.
"""

from __future__ import annotations

import argparse
import json

from experiments.cli.commands.options import (
    add_edition,
    add_execution,
    add_executor,
    add_paths,
    session_of,
    settings_of,
)
from experiments.cli.commands.showing import score_lines, show_dry_run, show_run
from experiments.cli.paths import FileToWrite

HELP = "do one pretraining and export its weights with their card"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer pretrain``."""
    parser.add_argument(
        "initializer", metavar="ROW",
        help="the wanted weights: supervised(...), ssl(...), continual(...), or 'NAME = WEIGHTS on BACKBONE', where "
        "all but the weights may be left out",
    )  # fmt: skip
    parser.add_argument(
        "--backbone", metavar="EXPR", help="the backbone, such as resnet50 or 'cbr(\"tiny\")', unless ROW names one"
    )
    parser.add_argument(
        "--recipe", metavar="STUDY/NAME",
        help="the recipe of supervised pretraining, also of pretrainings that this one starts from; self-supervised "
        "methods have their own",
    )  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the run (default: %(default)s, as in tables)")
    parser.add_argument(
        "--export", type=FileToWrite(".safetensors"), metavar="FILE", help="a .safetensors file to write"
    )
    add_edition(parser)
    add_paths(parser)
    add_execution(parser)
    add_executor(parser)


def execute(options: argparse.Namespace) -> int:
    """Do the pretraining and export its weights, or with ``--dry-run`` show the plan; returns the exit status."""
    from experiments.session.single_run import check_export

    check_export(options.export)
    with session_of(options) as session:
        spec = session.pretraining(
            options.initializer,
            options.backbone,
            recipe=options.recipe,
            edition=options.edition,
            settings=settings_of(options.set),
            seed=options.seed,
        )
        if options.dry_run:
            show_dry_run(session.plan_run(spec), spec, options.json, options.initializer)
            return 0
        session.provide(spec)
        resolved = session.resolve(spec)
        if not options.json:
            show_run(spec, resolved.key, options.initializer)
        result = session.export(session.run(resolved), options.export)
        if options.json:
            print(json.dumps(result.record.data, indent=1))
            return 0
        print("\n".join([*score_lines(result), f"weights: {result.weights}", f"load them: {result.expression}"]))
        return 0
