"""Say what a checkpoint file is, and which tensors a backbone would load from it, drop and miss.

  medtransfer inspect weights.pth --backbone resnet50
  medtransfer inspect weights.pth --backbone 'timm("vit_small_patch16_224", image_size=512)' --drop projector.

The file is read once, and no code in it is run. The exit status is 4 if the backbone could not be loaded from it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

from experiments.cli.paths import FileToRead
from specs.errors import WeightsError
from specs.quoting import names, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from initializers.publishing.inspecting import Inspection

HELP = "say what a checkpoint file is, and what a backbone would get from it"

SHOWN = 12
"""The most names of each kind that are printed; ``--json`` has all."""

LONGEST = 2000
"""The most characters of an expression that are printed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer inspect``."""
    parser.add_argument("file", type=FileToRead(), metavar="FILE", help="the checkpoint file")
    parser.add_argument(
        "--backbone", default="resnet50", metavar="EXPR", help="the backbone to load (default: %(default)s)"
    )
    parser.add_argument("--key", metavar="NAME", help="the entry that holds the tensors (default: the usual ones)")
    parser.add_argument(
        "--prefix", metavar="TEXT", help="the prefix of the backbone's tensors in the file (default: the usual ones)"
    )
    parser.add_argument(
        "--drop", action="append", default=[], metavar="TEXT",
        help="the beginning of names of tensors to leave out; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def execute(options: argparse.Namespace) -> int:
    """Inspect the file and print what was found; returns the exit status."""
    from backbones.networks.skeletons import skeleton
    from initializers.publishing.inspecting import inspect

    found = inspect(options.file, skeleton(options.backbone), options.key, options.prefix, tuple(options.drop))
    print(json.dumps(dataclasses.asdict(found), indent=1) if options.json else _words(found, options.backbone))
    return WeightsError.exit_status if found.misfits else 0


def _words(found: Inspection, backbone: str) -> str:
    lines = [f"{found.file}: {found.kind}, {found.tensors} tensors"]
    if found.card:
        lines += [f"its card: {plain(found.card.method)}; has seen {names(found.card.training_data) or 'no images'}"]
    lines += [f"published format: {', '.join(found.formats) or 'none that is known here'}", f"for {backbone}:"]
    lines += [f"  loads      {len(found.loaded)} tensors"]
    lines += _named("transforms", [f"{name} ({how})" for name, how in found.transformed.items()])
    lines += _named("drops", found.dropped)
    for kind, misfits in found.misfits.items():
        lines += _named(kind, misfits)
    return "\n".join([*lines, *_advice(found)])


def _advice(found: Inspection) -> list[str]:
    """Lines that say how to load the file, and which other networks are in it."""
    own = [one for one in found.expressions if one.startswith("file(")]
    count = len(found.suggestions)
    if own:
        lines, more = [f"load it: {plain(own[0], LONGEST)}"], "it holds another network that fits"
    elif found.expressions:
        one = len(found.expressions) == 1
        which, choice = ("", found.expressions[0]) if one else (", whichever it is,", "NAME")
        loads = " or ".join(found.expressions)
        lines = [f"load it: {loads}{which} after `medtransfer weights add '{choice}' {found.file}`"]
        more = "or as a file of your own"
    else:
        lines, more = ["it cannot be loaded into this backbone; strict loading would refuse it"], "this would load it"
        if count > 1:
            lines[0] = f"it cannot be loaded so; {count} networks in it fit, and which is meant is yours to say"
            more = "this loads one"
    return lines + [f"{more}: {plain(one, LONGEST)}" for one in found.suggestions]


def _named(kind: str, found: Sequence[str]) -> list[str]:
    return [f"  {kind:10} {len(found)}: {names(found, SHOWN)}"] if found else []
