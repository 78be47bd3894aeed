"""Write the trained network of a run into a folder with its model card, to use it elsewhere.

  medtransfer export 3f2a --output pneumonia --onnx
  medtransfer export tables/compare-folder-1a2b3c4d.json --output pneumonia --onnx --timm

Of a table it takes the row that the comparison advises, or that --row names, and of its runs that of the lowest seed.
The folder holds network.safetensors; preprocessing.json, which says every step from a file to a probability; and
README.md, the model card. --onnx adds model.onnx and predict_onnx.py, which predicts without torch; --timm a folder
that timm loads. No image, id, folder's or file's name of yours is in it.

For research; not a medical device.
"""

from __future__ import annotations

import argparse
import json

from experiments.cli.commands.options import add_paths, count_from, paths_of
from experiments.cli.commands.showing import note
from experiments.cli.paths import FolderToRead, check_writable, file_to_read

HELP = "write a trained network with its model card, for use elsewhere"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer export``."""
    parser.add_argument(
        "run_or_table", metavar="KEY|FILE",
        help="the beginning of a run's key, or a table such as tables/NAME.json",
    )  # fmt: skip
    parser.add_argument("--row", metavar="ROW", help="the row of the table (default: the advised one)")
    parser.add_argument("--column", metavar="COLUMN", help="the column of the table, if it has several")
    parser.add_argument(
        "--seed", type=count_from(0), metavar="N", help="the seed of the row's run (default: the lowest)"
    )
    parser.add_argument(
        "--output", type=FolderToRead(), required=True, metavar="DIR", help="the folder to write, new or empty"
    )
    parser.add_argument("--onnx", action="store_true", help="also write ONNX, and a script that predicts without torch")
    parser.add_argument("--timm", action="store_true", help="also write a folder that timm loads, as the hub's")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Export the network and print what was written; returns the exit status."""
    check_writable(options, "output")
    if options.run_or_table.endswith(".json"):
        file_to_read(options.run_or_table, "export")
    from experiments.session.session import Session
    from specs.notice import RESEARCH_ONLY

    session = Session(paths_of(options), wandb="disabled", say=note)
    exported = session.export_network(
        options.run_or_table,
        options.output,
        row=options.row,
        column=options.column,
        seed=options.seed,
        onnx=options.onnx,
        timm=options.timm,
    )
    if options.json:
        print(json.dumps(exported.to_json(), indent=1))
        return 0
    print(f"{exported.title} (run {exported.key[:12]})")
    print("\n".join(f"  {exported.folder / name}" for name in exported.files))
    print(RESEARCH_ONLY)
    return 0
