"""What a checkpoint file is, and what it would load, drop and miss.

  medtransfer inspect weights.pth --backbone resnet50
  medtransfer inspect weights.pth --backbone 'timm("vit_small_patch16_224", image_size=512)' --drop projector.

The file is read once, and nothing in it is run. The exit status is 4 if the backbone could not be loaded from it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from specs.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from initializers.publishing.inspecting import Inspection

HELP = "say what a checkpoint file is, and what a backbone would get from it"

SHOWN = 12
"""Names of each kind that are printed; ``--json`` has all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--backbone", default="resnet50", metavar="EXPR", help="(default: %(default)s)")
    parser.add_argument("--key", metavar="NAME", help="the entry that holds the tensors (default: the usual ones)")
    parser.add_argument("--prefix", metavar="TEXT", help="of the backbone's names (default: the usual ones)")
    parser.add_argument(
        "--drop", action="append", default=[], metavar="TEXT", help="beginning of names to leave out; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def execute(options: argparse.Namespace) -> int:
    """Look and print."""
    import torch

    from initializers.publishing.inspecting import inspect
    from specs.registry import BACKBONES

    with torch.device("meta"):
        backbone = BACKBONES.build(options.backbone)
    found = inspect(options.file, backbone, options.key, options.prefix, tuple(options.drop))
    print(json.dumps(dataclasses.asdict(found), indent=1) if options.json else _words(found, options.backbone))
    return WeightsError.exit_status if found.misfits else 0


def _words(found: Inspection, backbone: str) -> str:
    lines = [f"{found.file}: {found.kind}, {found.tensors} tensors"]
    if found.card:
        lines += [f"its card: {found.card.method}; has seen {', '.join(found.card.training_data) or 'no images'}"]
    lines += [f"published format: {', '.join(found.formats) or 'none that is known here'}", f"for {backbone}:"]
    lines += [f"  loads      {len(found.loaded)} tensors"]
    lines += _named("transforms", [f"{name} ({how})" for name, how in found.transformed.items()])
    lines += _named("drops", found.dropped)
    for kind, names in found.misfits.items():
        lines += _named(kind, names)
    if not found.expressions:
        lines += ["it cannot be loaded into this backbone; strict loading would refuse it"]
    elif len(found.expressions) == 1 and found.expressions[0].startswith("file("):
        lines += [f"load it: {found.expressions[0]}"]
    else:
        one = len(found.expressions) == 1
        which, choice = ("", found.expressions[0]) if one else (", whichever it is,", "NAME")
        lines += [
            f"load it: {' or '.join(found.expressions)}{which} after `medtransfer weights add '{choice}' {found.file}`"
        ]
    return "\n".join(lines)


def _named(kind: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return [f"  {kind:10} {len(names)}: {shown}"]
