"""A kind of block: what its file says of itself, and all kinds that there are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line, Said
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.run.paths import Paths
from experiments.tables.document import Document, TableDocument, TextDocument
from specs.registry import BLOCKS


def _nothing(gathering: Gathering) -> None:
    return None


def nothing_to_tell(document: TableDocument) -> tuple[Block, ...]:
    """No blocks: the ``tell`` of kinds whose blocks are made for pages alone, by ``illustrate``."""
    return ()


def _no_images(document: TableDocument, paths: Paths) -> tuple[Block, ...]:
    return ()


def _fits(document: TableDocument) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of block. Each is a file of ``experiments/reporting/blocks`` with a function of its name that returns it.

    Attributes:
        order: the place of the kind's blocks among those of other kinds; blocks of the lowest order come first.
        tell: a function that makes the blocks of a table, or none where the kind has nothing to say.
        part: the class of what is gathered; None: nothing is, since the blocks follow from the document's scores and
            runs.
        gather: a function that gathers an object of ``part`` from the records of a finished table, or returns None
            where there is nothing to gather. The object is kept in ``NAME.json`` and is read back from there.
        illustrate: a function that makes blocks with test images, for pages of users who ask for them; they are not
            kept.
        check: a function that raises a ValueError where a part that was read does not fit the rest of the document.
        endings: the endings of the names of all drawings that the kind's blocks may have.
        columns: the names of the kind's columns in the file with one line per cell, which has them even if they are
            empty.
    """

    order: int
    tell: Callable[[TableDocument], Iterable[Block]]
    part: type | None = None
    gather: Callable[[Gathering], object | None] = _nothing
    illustrate: Callable[[TableDocument, Paths], Iterable[Block]] = _no_images
    check: Callable[[TableDocument], None] = _fits
    endings: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def kinds() -> dict[str, Kind]:
    """All kinds of blocks by the name of their file, in the order of their blocks."""
    return _made(tuple(BLOCKS.entries))


@cache
def _made(names: tuple[str, ...]) -> dict[str, Kind]:
    found: dict[str, Kind] = {name: BLOCKS.get(name)() for name in names}
    return dict(sorted(found.items(), key=lambda one: one[1].order))


def gathered(gathering: Gathering) -> tuple[object, ...]:
    """The parts of a document: what all kinds gather of its finished table."""
    found = (kind.gather(gathering) for kind in kinds().values())
    return tuple(part for part in found if part is not None)


def illustrations(document: TableDocument, paths: Paths) -> tuple[Block, ...]:
    """The blocks with test images of a table.

    Args:
        document: the finished table whose test images are shown.
        paths: where the table's runs and their data are.

    Raises:
        RunError: if a run that the table names is not in the store, or its weights are gone.
        DataError: if the data are not there.
    """
    return tuple(
        dataclasses.replace(block, kind=name)
        for name, kind in kinds().items()
        for block in kind.illustrate(document, paths)
    )


def blocks_of(document: Document) -> tuple[Block, ...]:
    """The blocks of a document, in order; they are made once and then kept with the document."""
    if "blocks" not in document.memory:
        document.memory["blocks"] = tuple(_blocks(document))
    found: tuple[Block, ...] = document.memory["blocks"]
    return found


def leading(document: Document) -> tuple[Said, ...]:
    """The sentences that answer the question of a document, in order, without those on what they rest on."""
    return tuple(
        said
        for block in blocks_of(document)
        if block.place == "first" and not block.folded
        for said in block.said
        if said.tone != "soft"
    )


def in_order(blocks: Iterable[Block]) -> list[Block]:
    """Blocks in the order of their kinds; blocks of no registered kind come first, in the order that they had."""
    order = {name: number for number, name in enumerate(kinds())}
    return sorted(blocks, key=lambda block: order.get(block.kind, -1))


def _blocks(document: Document) -> Iterable[Block]:
    if isinstance(document, TextDocument):
        yield _of_texts(document)
    elif isinstance(document, TableDocument):
        for name, kind in kinds().items():
            for block in kind.tell(document):
                yield dataclasses.replace(block, kind=name)


def _of_texts(document: TextDocument) -> Block:
    """The single block of a document that holds texts instead of scores."""
    corner, *others = document.header
    lines = tuple(Line(first, tuple(map(Entry, rest))) for first, *rest in document.texts)
    header = tuple(Heading(title, wordy=True) for title in others)
    return Block(
        kind="texts", corner=corner, header=header, lines=lines, notes=document.notes, drawing=document.draw,
        ending=document.ending,
    )  # fmt: skip
