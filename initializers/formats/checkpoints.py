"""Reading checkpoint files of any kind. No code in a file is ever run, and its size bounds time and memory."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from initializers.formats.files import existing
from initializers.formats.inert_pickle import Array, Shell
from initializers.formats.other_kinds import check_archive, what_else
from initializers.formats.pickle_owner import CutPickle, PickleFault
from initializers.formats.safetensors_file import read_safetensors
from initializers.formats.safetensors_header import CutFile, HeaderFault, looks_so
from initializers.formats.spellings import CONTAINERS
from initializers.formats.torch_files import LEGACY_MAGIC, Loaded, read_legacy, read_pickle, read_zip
from initializers.formats.torch_modules import is_module, tensors_of
from initializers.formats.torch_tensors import Unread, as_tensor, words
from specs.errors import WeightsError
from specs.quoting import names, plain

EXPORT = 'safetensors.torch.save_file(model.state_dict(), "weights.safetensors")'

DEEPEST = 8
"""The number of nested entries that are looked into, since an entry may hold itself."""


class Container(NamedTuple):
    """The content of a checkpoint file.

    Attributes:
        file: the path of the file that was read.
        content: the tensors and plain data of the file; shells and ``Unread`` stand for what is neither.
        kind: the kind of file, in words.
        objects: the names of classes whose objects in the file are left unread.
    """

    file: Path
    content: Any
    kind: str
    objects: tuple[str, ...] = ()


def read_tensors(path: str | Path, key: str | None = None) -> tuple[dict[str, Tensor], str]:
    """The named tensors of a checkpoint, and where in the file they were, in words.

    Args:
        path: a safetensors file, or what ``torch.save`` wrote (zip or legacy).
        key: the container entry that holds the tensors; None takes the first of the usual ones, else the top level.

    Raises:
        WeightsError: if the file is missing, damaged, holds code, or holds no tensors.
    """
    return tensors_in(read_container(path), key)


def read_container(path: str | Path) -> Container:
    """The whole content of a checkpoint file.

    Args:
        path: a safetensors file, what ``torch.save`` wrote (zip or legacy), or a pickle of tensors or arrays.

    Raises:
        WeightsError: if the file is missing or damaged, or holds code.
    """
    file = existing(path)
    try:
        return _container(file)
    except (CutPickle, CutFile) as error:
        raise WeightsError(
            f"{file} ({file.stat().st_size} bytes) was cut short: {error}. Fetch it again and compare its size or hash "
            "with the publisher's."
        ) from error
    except (PickleFault, HeaderFault) as error:
        raise WeightsError(
            f"{file} ({file.stat().st_size} bytes) is damaged, or no checkpoint: {error}. Compare its hash with the "
            "publisher's; if they agree, it was written so, and cannot be read."
        ) from error
    except MemoryError as error:
        raise WeightsError(
            f"memory ran out while {file} was read, which takes {file.stat().st_size:,} bytes. Free some of it."
        ) from error
    except OSError as error:
        raise WeightsError(f"{file} cannot be read: {error.strerror}. Look at its disk and permissions.") from error


def _container(file: Path) -> Container:
    with file.open("rb") as opened:
        start = opened.read(512)
        opened.seek(0)
        if looks_so(start):
            return Container(file, read_safetensors(file), "safetensors")
        if start.startswith(b"PK\x03\x04"):
            _check_zip(file)
            return _data(file, read_zip(file), "torch checkpoint")
        size = file.stat().st_size
        if start.startswith(LEGACY_MAGIC):
            return _data(file, read_legacy(opened, size), "torch checkpoint of before 1.6")
        if start[:1] == b"\x80" and start[1:2] <= b"\x05":
            return _data(file, read_pickle(opened, size), "plain Python pickle")
    raise WeightsError(f"{file} {what_else(file, start)}. Expected safetensors or a file of torch.save.")


def _check_zip(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.namelist()
    except zipfile.BadZipFile as error:
        raise CutPickle("the end of its archive is missing") from error
    except (ValueError, NotImplementedError, RuntimeError, struct.error) as error:
        raise PickleFault(f"its archive cannot be opened ({plain(error)})") from error
    check_archive(file, entries)


def _data(file: Path, loaded: Loaded, kind: str) -> Container:
    """The content of a pickle; refused if reading it as Python does would run anything but what makes data.

    A module of torch that was pickled whole gives its tensors by their names in a state dict: no class is needed for
    these. Of any other whole object it is not known what it holds.
    """
    if is_module(loaded.content) and not loaded.calls:
        tensors, classes = tensors_of(loaded.content)
        left = tuple(name for name in loaded.objects if name not in classes)
        return Container(file, tensors, f"{kind}, a whole {plain(loaded.content.name)}", left)
    if isinstance(loaded.content, Shell) and not loaded.calls:
        raise WeightsError(
            f"{file} holds {plain(loaded.content.name)}, a whole object: reading it would run code from the file, so "
            f"it was not read. If you trust its origin, export the tensors alone where it was made: {EXPORT}."
        )
    if loaded.calls:
        kind_words = f"is a {kind} and " if kind.startswith("plain") else ""
        raise WeightsError(
            f"{file} {kind_words}holds {plain(loaded.calls[0])}, and reading anything but tensors and plain data would "
            "run code from the file, so it was not read. If you trust its origin, export the tensors alone where it "
            f"was made: {EXPORT}."
        )
    return Container(file, loaded.content, kind, loaded.objects)


def tensors_in(container: Container, key: str | None = None) -> tuple[dict[str, Tensor], str]:
    """The named tensors of a container, and where in the file they were, in words.

    Args:
        container: the content of a file, from ``read_container``.
        key: the entry that holds the tensors, with dots for one within another; None takes the first of the usual
            ones, else the top level, else the only entry that holds tensors.

    Raises:
        WeightsError: if the file holds no tensors, or not that entry, or tensors that are not plain numbers.
    """
    file, objects = container.file, container.objects
    loaded, kind = entry_in(container, key)
    named = loaded.items() if isinstance(loaded, Mapping) else ()
    entries = {name: value for name, value in named if isinstance(name, str)}
    arrays = {name: as_tensor(value) for name, value in entries.items() if isinstance(value, Array)}
    converted = {name: arrays.get(name, value) for name, value in entries.items()}
    tensors = {name: value for name, value in converted.items() if isinstance(value, Tensor)}
    if strange := {name: value for name, value in converted.items() if isinstance(value, Unread)}:
        raise WeightsError(
            f"{file} ({kind}) has {len(strange)} tensors that are not plain numbers: "
            f"{names((f'{plain(name)} is {value.what}' for name, value in strange.items()), longest=200)}. "
            f"{next(iter(strange.values())).remedy or 'Export it anew where it was made.'}"
        )
    if not tensors:
        raise WeightsError(
            f"{file} ({kind}) holds no named tensors but {_contents(loaded)}. {_where_else(container, loaded)}"
        )
    return tensors, kind + (f"; unread: objects of {names(objects, 3)}" if objects else "")


def entry_in(container: Container, key: str | None) -> tuple[Any, str]:
    """The entry in which ``tensors_in`` looks for tensors, and where in the file it is, in words.

    Raises:
        WeightsError: if there is no entry of that name.
    """
    loaded, kind = container.content, container.kind
    if key is not None:
        loaded, kind = _entry(container, key), f'{kind}, entry "{plain(key)}"'
    for _ in range(DEEPEST):
        if (name := _usual(loaded)) is None:
            break
        loaded, kind = loaded[name], f'{kind}, entry "{plain(name)}"'
    return loaded, kind


def _entry(container: Container, key: str) -> Any:
    """An entry by its name, or by the names that lead to it."""
    loaded = container.content
    if isinstance(loaded, Mapping) and key in loaded:
        return loaded[key]
    for part in key.split("."):
        if not isinstance(loaded, Mapping) or part not in loaded:
            raise WeightsError(
                f'{container.file} has no entry "{plain(key)}"; it holds {_contents(container.content)}. Name one of '
                "them, or none."
            )
        loaded = loaded[part]
    return loaded


def _usual(loaded: Any) -> str | None:
    """The name of the entry that holds the tensors where none is given; None for the top level."""
    if not isinstance(loaded, Mapping):
        return None
    name = next((name for name in CONTAINERS if isinstance(loaded.get(name), Mapping)), None)
    if name is None and not has_tensors(loaded):
        holding = entries_with_tensors(loaded)
        return holding[0] if len(holding) == 1 else None
    return name


def entries_with_tensors(loaded: Mapping[Any, Any]) -> list[str]:
    """Names of the entries that are dictionaries with tensors."""
    return [name for name, value in loaded.items() if isinstance(name, str) and has_tensors(value)]


def has_tensors(value: Any) -> bool:
    """Whether a value from a file is a dictionary with tensors among its own values."""
    return isinstance(value, Mapping) and any(isinstance(entry, Tensor | Array | Unread) for entry in value.values())


def _where_else(container: Container, loaded: Any) -> str:
    """What to do about a place in a checkpoint that has no named tensors."""
    if isinstance(loaded, Mapping) and {"state", "param_groups"} <= set(loaded):
        return "That is the state of an optimizer. Name the file with the network's weights."
    if any(isinstance(value, Mapping) and value for value in _within(container.content)):
        return 'Name the entry that has them: file("...", key="...").'
    return f"It holds no weights that have names: export the state dict where it was made, {EXPORT}."


def _within(loaded: Any) -> Iterable[Any]:
    return loaded.values() if isinstance(loaded, Mapping) else ()


def _contents(loaded: Any) -> str:
    if not isinstance(loaded, Mapping):
        return words(loaded)
    objects = (Shell, Unread)
    return names(
        (f"{plain(name)} ({words(value)})" if isinstance(value, objects) else plain(name)
         for name, value in sorted(loaded.items(), key=lambda item: plain(item[0]))),
        longest=200,
    )  # fmt: skip
