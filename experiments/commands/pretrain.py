r"""Do one pretraining, and write its weights to a file that says what they are.

  medtransfer pretrain 'ssl("moco_v2", on="chestxray14")' --backbone resnet50 --export chest.safetensors
  medtransfer pretrain 'supervised(on="fractals", labels="coarse")' --edition phantom --backbone 'cbr("tiny")' \
      --recipe phantom/pretraining --set epochs=3

What is done already is not done again. The file holds the backbone's tensors and, in its header, a card: method, data
that were seen, input normalization. file("chest.safetensors") loads it anywhere.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
from pathlib import Path

from experiments.commands.options import add_edition, add_execution, add_executor, add_places, places
from experiments.commands.single import do, overridden, scores_in_words
from specs.errors import UsageError
from specs.expression import parse
from specs.registry import BACKBONES

NAME = "pretrain"
HELP = "do one pretraining and export its weights with their card"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "initializer", metavar="EXPR", help="whose weights are wanted: supervised(...), ssl(...), continual(...)"
    )
    parser.add_argument("--backbone", required=True, metavar="EXPR", help="such as resnet50 or 'cbr(\"tiny\")'")
    parser.add_argument(
        "--recipe", metavar="STUDY/NAME",
        help="of learning from labels, here and in what it starts from; self-supervised methods have their own",
    )  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="override a recipe setting")
    parser.add_argument("--seed", type=int, default=0, help="of the run (default: %(default)s, as in tables)")
    parser.add_argument("--export", type=Path, metavar="FILE", help="a .safetensors file to write")
    add_edition(parser)
    add_places(parser)
    add_execution(parser)
    add_executor(parser)


def execute(options: argparse.Namespace) -> int:
    """Resolve, show, do, export."""
    from experiments.initialized import WEIGHTS
    from experiments.resolve import Resolver, pretraining_of, recipe_named
    from initializers.contract import build

    if options.export and options.export.suffix != ".safetensors":
        raise UsageError(
            f"medtransfer pretrain: --export takes a name that ends in .safetensors, found {options.export}."
        )
    needs = build(options.initializer).requires()
    if len(needs) != 1:
        raise UsageError(
            f"{options.initializer} is no pretraining. Name one: supervised(on=...), ssl(METHOD, on=...) or "
            "continual(SOURCE, on=...)."
        )
    default = recipe_named(options.recipe) if options.recipe else None
    spec = pretraining_of(needs[0], BACKBONES.bind(options.backbone), options.edition, default)
    spec = dataclasses.replace(spec, recipe=overridden(spec.recipe, options.set), seed=options.seed)
    record = do(Resolver(places(options), options.devices).resolve(spec), options)
    if record is None:
        return 0
    weights = record.file(WEIGHTS)
    if options.export:
        from specs.files import replacing

        with replacing(options.export) as temporary:
            shutil.copyfile(weights, temporary)
    if options.json:
        print(json.dumps(record.data, indent=1))
        return 0
    file = options.export or weights
    load = str(parse(f"file({json.dumps(str(file))})"))
    print("\n".join([*scores_in_words(record), f"weights: {file}", f"load them: {load}"]))
    return 0
