"""Whether a report shows test images, as `report` and `compare` ask."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from experiments.commands.options import places

if TYPE_CHECKING:
    from experiments.rendering.document import TableDocument
    from experiments.report.page import Illustrated


def add_images(parser: argparse.ArgumentParser) -> None:
    """``--with-images`` and ``--without-images``."""
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--with-images", action="store_true", help="show example images of real test sets too")
    images.add_argument("--without-images", action="store_true", help="show no example images at all")


def illustrated(document: TableDocument, options: argparse.Namespace) -> Illustrated:
    """A table with its test images, as far as they were asked for.

    Raises:
        RunError: if images were asked for and a run is not in the store.
        DataError: if images were asked for and the data are not there.
    """
    from experiments.report.examples import examples
    from experiments.report.heat_maps import heat_maps
    from experiments.report.page import Illustrated
    from specs.errors import DataError, RunError

    if options.without_images:
        return Illustrated(document)
    if document.edition == "real" and not options.with_images:
        return Illustrated(document, (), "Test images are shown to whoever asks for them (--with-images).")
    try:
        if all(metric == "share" for _, metric in document.columns):
            found = [heat_maps(document, places(options))]
        else:
            found = [examples(document, column, places(options)) for column, _ in document.columns]
    except (DataError, RunError) as error:
        if options.with_images:
            raise
        kind = "data" if isinstance(error, DataError) else "runs"
        return Illustrated(document, (), f"No test images are shown: the {kind} are not at hand.")
    return Illustrated(document, tuple(one for one in found if one is not None))
