"""Inspection of a checkpoint file: what it is, what a backbone would get from it, and how to load it.

Nothing in the file is run. It is read by the code that loads weights, so that an inspection says what a run would do.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from backbones.networks.contract import Backbone
from initializers.formats.checkpoints import Container, read_container
from initializers.formats.embedded_card import card_in
from initializers.formats.files import existing
from initializers.formats.safetensors_header import looks_so
from initializers.formats.torch_files import LEGACY_MAGIC
from initializers.loading.contract import Weights
from initializers.loading.external_checkpoint import weights_in
from initializers.loading.inputs import for_inputs
from initializers.loading.loading import misfits
from initializers.publishing.advising import Way, ways
from initializers.publishing.catalogue import published
from initializers.publishing.publishing import Naming, Published
from specs.card import Card
from specs.errors import WeightsError
from specs.expression import Call

Program = Literal["torch", "TensorFlow", "pickle"]

SHOWN = 8
"""The largest number of ways to load a file that are listed."""


@dataclass(frozen=True)
class Inspection:
    """The result of an inspection: what a file is, and what loading it would do.

    Attributes:
        file: the path of the file that was read.
        kind: the kind of file, with the entry and the prefix that the tensors were found under.
        tensors: the number of tensors that the file offers to the backbone, heads included.
        formats: the published initializers whose files have these very names and wrappers; those whose file has this
            file's name come first.
        loaded: the names of tensors that would be set unchanged.
        transformed: what would be done to a tensor before it fits, by name.
        dropped: the names of tensors that would be left out, such as heads.
        misfits: what keeps the file from being loaded, by kind.
        card: the card in the file, if `medtransfer pretrain` wrote it.
        expressions: the expressions that load the file; if there are several, the user knows which one is meant. Empty
            if none does.
        suggestions: other expressions that load a whole network from the file, such as its averaged weights; where
            ``expressions`` is empty, those that would load it where this one does not.
    """

    file: str
    kind: str
    tensors: int
    formats: tuple[str, ...]
    loaded: tuple[str, ...]
    transformed: dict[str, str]
    dropped: tuple[str, ...]
    misfits: dict[str, list[str]]
    expressions: tuple[str, ...]
    suggestions: tuple[str, ...]
    card: Card | None


class _Known(NamedTuple):
    """A published initializer that can read a file, and the file's tensors under its names."""

    expression: str
    initializer: Published
    weights: Weights


def inspect(
    path: Path, backbone: Backbone, key: str | None = None, prefix: str | None = None, drop: tuple[str, ...] = ()
) -> Inspection:
    """Inspect a checkpoint for a backbone, which is not changed.

    Args:
        path: the path of the file.
        backbone: the backbone that the file is meant for; its values do not matter, so it may be on the meta device.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: what the backbone's tensor names begin with; None finds the usual prefixes.
        drop: beginnings of names of further tensors to leave out.

    Raises:
        WeightsError: if the file is missing or damaged, holds code, or is of no known kind; or if the entry or prefix
            asked for is not in it, and then it says what would load it.
    """
    program = _program(path)
    known, reasons = ([], "") if program == "torch" else _converted(path, program)
    if known or program == "TensorFlow":
        if not known:
            raise WeightsError(f"{path} is of no known kind.\n{reasons}")
        return _inspection(path, for_inputs(known[0].weights, backbone), known, backbone, (), ())
    try:
        container = read_container(path)
    except WeightsError as error:
        raise WeightsError("\n".join(filter(None, (str(error), reasons)))) from error
    known = list(_fitting(container))
    asked, all_ways = Way(key, prefix, drop), ways(container, backbone)
    others = tuple(_expression(path, way) for way in all_ways if way != asked)[:SHOWN]
    try:
        weights = weights_in(container, backbone, key, prefix, drop, None)
    except WeightsError as error:
        remedies = [f"This would load it: {suggestion}" for suggestion in others]
        raise WeightsError("\n".join(filter(None, (str(error), *remedies, reasons)))) from error
    fits = not any(misfits(weights, backbone.weights()).values())
    telling = known and all(known_format.initializer.naming != Naming() for known_format in known)
    if known and (not fits or (telling and not any(asked))):
        return _inspection(path, for_inputs(known[0].weights, backbone), known, backbone, (), others)
    own = (_expression(path, asked),) if fits else ()
    return _inspection(path, weights, known, backbone, own, others)


def _expression(path: Path, way: Way) -> str:
    return str(Call("file", (str(path),), tuple((name, value) for name, value in way._asdict().items() if value)))


def _program(path: Path) -> Program:
    """The program that wrote a file, judged by its beginning; the readers check whether the file is whole."""
    file = existing(path)
    try:
        with file.open("rb") as opened:
            start = opened.read(64)
        if start.startswith(b"PK"):
            with zipfile.ZipFile(file) as archive:
                return "TensorFlow" if any(name.endswith(".index") for name in archive.namelist()) else "torch"
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return "torch"  # whose reader says what is wrong
    return "pickle" if start[:1] == b"\x80" and not looks_so(start) and not start.startswith(LEGACY_MAGIC) else "torch"


def _fitting(container: Container) -> Iterator[_Known]:
    """The published initializers whose names and wrappers a torch file has, with its tensors under their names."""
    for expression, initializer in published():
        if initializer.program != "torch":
            continue
        try:
            weights = initializer.named(container)
        except WeightsError:
            continue  # another entry or prefix
        if not any(initializer.name_faults(weights).values()):
            yield _Known(expression, initializer, weights)


def _converted(path: Path, program: Program) -> tuple[list[_Known], str]:
    """The published initializers that can read a file of another program, and why each of the others cannot."""
    reasons, known = [], []
    for expression, initializer in published():
        if initializer.program == program:
            try:
                known.append(_Known(expression, initializer, initializer.convert(path)))
            except WeightsError as error:
                reasons.append(f"As {expression}: {error}")
    return known, "\n".join(reasons)


def _inspection(
    path: Path,
    weights: Weights,
    known: list[_Known],
    backbone: Backbone,
    own: tuple[str, ...],
    others: tuple[str, ...],
) -> Inspection:
    """The inspection of weights that the expressions ``own`` read, or else the known published initializers."""
    wanted = backbone.weights()
    faults = {kind: names for kind, names in misfits(weights, wanted).items() if names}
    fitting = [name for name in wanted if name in weights.tensors and weights.tensors[name].shape == wanted[name].shape]
    formats = [known_format.expression for known_format in known]
    called = {known_format.expression for known_format in known if known_format.initializer.file.name == path.name}
    return Inspection(
        file=str(path),
        kind=weights.source.removesuffix(")").rpartition(" (")[2],
        tensors=len(weights.tensors) + len(weights.dropped),
        formats=tuple(sorted(formats, key=lambda expression: expression not in called)),
        loaded=tuple(name for name in fitting if name not in weights.transformed),
        transformed={name: how for name, how in weights.transformed.items() if name in fitting},
        dropped=weights.dropped,
        misfits=faults,
        expressions=() if faults else own or tuple(sorted(called)) or tuple(formats),
        suggestions=tuple(suggestion for suggestion in others if suggestion not in own),
        card=card_in(path),
    )
