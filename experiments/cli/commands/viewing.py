"""Printing the counts of a dataset by split, the images that are left out and why, and its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specs.quoting import several_lines

if TYPE_CHECKING:
    from datamodules.dataset.counting import Census
    from datamodules.prepared.view import View


def census_of(view: View, compare: bool) -> Census:
    """The counts of a dataset, for a segmentation with the share of foreground pixels.

    Args:
        view: the view of the dataset.
        compare: whether the counts are compared with the published ones, which are not of drawn images.
    """
    from datamodules.dataset.counting import census
    from datamodules.prepared.foreground import shares
    from datamodules.slicing.sliced import Sliced

    found = census(view.dataset, view.index, compare, shares(view))
    found.faults = view.faults()
    if isinstance(view.dataset, Sliced):
        found.warnings += view.dataset.remarks(view.root)
    return found


def show_census(found: Census, edition: str) -> None:
    """Print counts by split beside the published ones, the images that are left out, and the faults of the splits."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=None, box=None, pad_edge=False)
    for column in ("", *found.splits, "all"):
        table.add_column(column, justify="left" if not column else "right", overflow="fold")
    for name, counts in found.counts.items():
        published = found.published.get(name, {})
        cells = [_cell(count, published.get(split)) for split, count in counts.items()]
        table.add_row(name, *cells, _cell(found.total(name), published.get("all")))
    for name, shares in found.foreground.items():
        row = "foreground" if len(found.foreground) == 1 else f"pixels of {name}"
        table.add_row(row, *(_share(shares[split]) for split in found.splits), "")
    Console().print(table, markup=False)
    if found.excluded:
        print(f"{sum(found.excluded.values()):,} images are left out: "
              + ", ".join(f"{count:,} {reason}" for reason, count in found.excluded.items()))  # fmt: skip
    compared = sum(len(row) for row in found.published.values())
    if compared:
        differ = found.differences()
        if differ:
            print(f"{differ} of {compared} published counts differ; they are in brackets")
        else:
            print(f"all {compared} published counts are met")
    for warning in found.warnings:
        print(f"warning: {several_lines(warning)}")
    for fault in found.faults:
        print(f"wrong: {several_lines(fault)}")
    if edition == "phantom":
        print("these images are synthetic: the phantom edition")


def _cell(count: int, published: int | None) -> str:
    """A count as text, with the published count in brackets if it differs."""
    return f"{count:,}" if published in (None, count) else f"{count:,} ({published:,})"


def _share(share: float | None) -> str:
    """The share of a split's pixels; small ones keep two digits."""
    if share is None:
        return "?"
    return "none" if share == 0 else f"{share:.1%}" if share >= 0.001 else f"{100 * share:.2g}%"
