"""What a checkpoint file is, and what a backbone would get from it. The file is read once, and nothing in it is run."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backbones.networks.contract import Backbone
from initializers.formats.checkpoints import LEGACY_MAGIC, Container, read_container
from initializers.formats.described import card_in
from initializers.formats.files import existing
from initializers.loading.contract import Weights
from initializers.loading.inputs import for_inputs
from initializers.loading.loading import misfits
from initializers.loading.outside import weights_in
from initializers.publishing.catalogue import published
from specs.card import Card
from specs.errors import WeightsError
from specs.expression import Call, Value

Program = Literal["torch", "TensorFlow", "pickle"]


@dataclass(frozen=True)
class Inspection:
    """What a file is and what it would do.

    Attributes:
        file: that was read.
        kind: of file, with the entry and the prefix that the tensors were found under.
        tensors: how many the backbone would be offered, heads included.
        formats: published initializers whose files have these very names and wrappers; those whose file is called
            like this one come first.
        loaded: tensors that would be set as they are.
        transformed: what would be done to a tensor before it fits, by name.
        dropped: tensors that would be left out, as heads.
        misfits: what keeps the file from being loaded, by kind.
        card: that it carries, if `medtransfer pretrain` wrote it.
        expressions: that load it, of which the user knows which one it is; empty if nothing does.
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
    card: Card | None


def inspect(
    path: Path, backbone: Backbone, key: str | None = None, prefix: str | None = None, drop: tuple[str, ...] = ()
) -> Inspection:
    """Look at a checkpoint for a backbone, which is not changed.

    Args:
        path: of the file.
        backbone: that it is meant for; its values do not matter, so it may be on the meta device.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: of the backbone's tensor names; None finds the usual ones.
        drop: beginnings of names of further tensors to leave out.

    Raises:
        WeightsError: if the file is missing, damaged, holds code, or is of no known kind.
    """
    program = _program(path)
    if program != "torch":
        known = _converted(path, program)
        return _inspection(path, for_inputs(known[0][1], backbone), known, backbone, None)
    container = read_container(path)
    known = list(_fitting(container))
    weights = weights_in(container, backbone, key, prefix, drop, None)
    if any(misfits(weights, backbone.weights()).values()) and known:  # names that only its own initializer knows
        return _inspection(path, for_inputs(known[0][1], backbone), known, backbone, None)
    given: dict[str, Value] = {"key": key, "prefix": prefix, "drop": drop}
    said = tuple((name, value) for name, value in given.items() if value)
    return _inspection(path, weights, known, backbone, str(Call("file", (str(path),), said)))


def _program(path: Path) -> Program:
    """What wrote a file, by its beginning; whether it is whole is for the readers to say."""
    file = existing(path)
    with file.open("rb") as opened:
        start = opened.read(2)
    if start == b"PK" and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return "TensorFlow" if any(name.endswith(".index") for name in archive.namelist()) else "torch"
    with file.open("rb") as opened:
        start = opened.read(64)
    safetensors = start[8:9] == b"{"
    return "pickle" if start[:1] == b"\x80" and not safetensors and not start.startswith(LEGACY_MAGIC) else "torch"


def _fitting(container: Container) -> Iterator[tuple[str, Weights]]:
    """The published initializers whose names and wrappers a torch file has, and its tensors under their names."""
    for expression, one in published():
        if one.program != "torch":
            continue
        try:
            weights = one.named(container)
        except WeightsError:
            continue  # another entry or prefix
        if not any(one.name_faults(weights).values()):
            yield expression, weights


def _converted(path: Path, program: Program) -> list[tuple[str, Weights]]:
    """The published initializers of other programs that can read a file, and what they read.

    Raises:
        WeightsError: if none can.
    """
    reasons, found = [], []
    for expression, one in published():
        if one.program == program:
            try:
                found.append((expression, one.convert(path)))
            except WeightsError as error:
                reasons.append(f"{expression}: {error}")
    if not found:
        raise WeightsError(f"{path} is of no known kind.\n" + "\n".join(reasons))
    return found


def _inspection(
    path: Path, weights: Weights, known: list[tuple[str, Weights]], backbone: Backbone, own: str | None
) -> Inspection:
    """What is found, of weights that the expression ``own`` reads, or else any of the known initializers."""
    wanted = backbone.weights()
    faults = {kind: names for kind, names in misfits(weights, wanted).items() if names}
    fitting = [name for name in wanted if name in weights.tensors and weights.tensors[name].shape == wanted[name].shape]
    formats = [expression for expression, _ in known]
    called = {expression for expression, one in published() if one.file.name == path.name} & set(formats)
    return Inspection(
        file=str(path),
        kind=weights.source.removesuffix(")").rpartition(" (")[2],
        tensors=len(weights.tensors) + len(weights.dropped),
        formats=tuple(sorted(formats, key=lambda expression: expression not in called)),
        loaded=tuple(name for name in fitting if name not in weights.transformed),
        transformed={name: how for name, how in weights.transformed.items() if name in fitting},
        dropped=weights.dropped,
        misfits=faults,
        expressions=() if faults else (own,) if own else tuple(sorted(called)) or tuple(formats),
        card=card_in(path),
    )
