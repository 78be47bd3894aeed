"""Reading checkpoint files: containers, prefixes and heads. No code in a file is ever run."""

from __future__ import annotations

import pickle
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from initializers.formats.files import existing
from specs.errors import WeightsError

CONTAINERS = ("state_dict", "model", "model_state_dict", "backbone")
"""Entries that training programs put the tensors under."""

PREFIXES = ("module.", "encoder_q.", "encoder.", "backbone.", "model.", "network.", "base_encoder.")
"""Beginnings of names that wrappers add; they are stripped at the start of a name only, in any combination."""

HEADS = ("fc.", "head.", "classifier.", "head_fc.")
"""Beginnings of names of classification heads, which are never part of a backbone."""

LEGACY_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
"""How files of torch.save before 1.6 begin (``torch.serialization.MAGIC_NUMBER``, pickled)."""

LONGEST_HEADER = 100_000_000
"""Bytes of a safetensors header at most (https://huggingface.co/docs/safetensors, "Format")."""


class Container(NamedTuple):
    """What a checkpoint file holds.

    Attributes:
        file: it was read from.
        content: tensors and plain data.
        kind: of file, in words.
    """

    file: Path
    content: Any
    kind: str


def read_tensors(path: str | Path, key: str | None = None) -> tuple[dict[str, Tensor], str]:
    """The named tensors of a checkpoint and where in the file they were.

    Args:
        path: a safetensors file, or what ``torch.save`` wrote (zip or legacy).
        key: the container entry that holds the tensors; None takes the first of the usual ones, else the top level.

    Raises:
        WeightsError: if the file is missing, damaged, holds code, or holds no tensors.
    """
    return tensors_in(read_container(path), key)


def read_container(path: str | Path) -> Container:
    """Everything in a checkpoint.

    Args:
        path: a safetensors file, or what ``torch.save`` wrote (zip or legacy).

    Raises:
        WeightsError: if the file is missing or damaged, or holds code.
    """
    file = existing(path)
    with file.open("rb") as opened:
        start = opened.read(512)
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= LONGEST_HEADER:
        try:
            return Container(file, load_file(file), "safetensors")
        except (SafetensorError, OSError) as error:
            raise _damaged(file, str(error)) from error
    if not start.startswith((b"PK\x03\x04", LEGACY_MAGIC)):
        raise WeightsError(f"{file} {_what_else(file, start)}. Expected safetensors or a file of torch.save.")
    if start.startswith(b"PK"):
        _check_archive(file)
    try:
        with file.open("rb") as opened:  # by its name alone, torch would take x.safetensors for what it says
            loaded = torch.load(opened, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        refused = re.search(r"GLOBAL ([\w.]+)", str(error))
        if refused is None:
            raise _damaged(file, "its pickle holds something other than tensors and plain data, or is torn") from error
        raise WeightsError(
            f"{file} holds {refused[1]}, and reading anything but tensors and plain data would run code from the "
            "file, so it was not read. If you trust its origin, export the tensors alone where it was made: "
            'safetensors.torch.save_file(model.state_dict(), "weights.safetensors").'
        ) from error
    except Exception as error:  # torn bytes make torch's reader fail in many ways, IndexError and TypeError included
        raise _damaged(file, str(error).partition("\n")[0] or type(error).__name__) from error
    kind = "torch checkpoint" if start.startswith(b"PK") else "torch checkpoint of before 1.6"
    return Container(file, loaded, kind)


def _damaged(file: Path, why: str) -> WeightsError:
    return WeightsError(
        f"{file} ({file.stat().st_size} bytes) is damaged or cut short: {why.rstrip('.')}. Fetch it again and compare "
        "its size or hash with the publisher's."
    )


def _what_else(file: Path, start: bytes) -> str:
    """What a file is that is no checkpoint, and what to do about it."""
    text = start.lstrip().lower()
    if not start:
        return "is empty; fetch it again"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, probably an error or a download form; fetch the file itself"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file; run `git lfs pull` where it came from"
    if start.startswith(b"\x1f\x8b") or tarfile.is_tarfile(file):
        return "is a tar or gzip archive; unpack it and name the checkpoint in it"
    if start[:1] == b"\x80" and start[1:2] <= b"\x05":
        return "is a plain Python pickle, which cannot be read without running code from it; export it anew"
    return f"is of another kind (it begins with {start[:16]!r}); check where it came from"


def _check_archive(file: Path) -> None:
    """Refuse a zip file that is torn, or that ``torch.save`` did not write."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(file, str(error)) from error
    if any(name.endswith("/constants.pkl") for name in names):
        raise WeightsError(
            f"{file} is a TorchScript program. Export its state dict: torch.save(model.state_dict(), ...)."
        )
    if not any(name.endswith("/data.pkl") for name in names):
        raise WeightsError(
            f"{file} is a zip archive of {', '.join(names[:3]) or 'nothing'}{', ...' if len(names) > 3 else ''}, not a "
            "checkpoint. Unpack it and name the checkpoint in it."
        )


def tensors_in(container: Container, key: str | None = None) -> tuple[dict[str, Tensor], str]:
    """The named tensors of a container and where in the file they were.

    Args:
        container: from ``read_container``.
        key: the entry that holds the tensors; None takes the first of the usual ones, else the top level.

    Raises:
        WeightsError: if it holds no tensors, or not that entry.
    """
    file, loaded, kind = container
    if key is not None:
        if not isinstance(loaded, Mapping) or key not in loaded:
            raise WeightsError(f'{file} has no entry "{key}"; it holds {_contents(loaded)}. Name one of them, or none.')
        loaded, kind = loaded[key], f'{kind}, entry "{key}"'
    while isinstance(loaded, Mapping):
        name = next((name for name in CONTAINERS if isinstance(loaded.get(name), Mapping)), None)
        if name is None:
            break
        loaded, kind = loaded[name], f'{kind}, entry "{name}"'
    entries = loaded.items() if isinstance(loaded, Mapping) else ()
    tensors = {str(name): value for name, value in entries if isinstance(value, Tensor)}
    if not tensors:
        raise WeightsError(
            f"{file} ({kind}) holds no named tensors but {_contents(loaded)}. Name the entry that has them: "
            'file("...", key="...").'
        )
    return tensors, kind


def _contents(loaded: Any) -> str:
    if not isinstance(loaded, Mapping):
        return f"one {type(loaded).__name__}"
    names = sorted(map(str, loaded))
    return (", ".join(names[:8]) or "nothing") + (", ..." if len(names) > 8 else "")


def without_prefix(
    tensors: Mapping[str, Tensor], wanted: Iterable[str], prefix: str | None
) -> tuple[dict[str, Tensor], str]:
    """The tensors with the wrapper's prefix stripped from the start of their names, and that prefix.

    Of all prefixes in the file that are made of known parts, the one after which most wanted names are there is
    taken; names that do not begin with it stay as they are. Where none is there after any, the longest prefix of all.

    Args:
        tensors: as read from the file.
        wanted: the backbone's tensor names.
        prefix: the declared prefix; None looks for the known ones.

    Raises:
        WeightsError: if nothing begins with the declared prefix, or two tensors would get the same name.
    """
    names = set(wanted)
    if prefix is not None and not any(name.startswith(prefix) for name in tensors):
        raise WeightsError(f'no tensor begins with the prefix "{prefix}"; the file has {_contents(tensors)}.')
    candidates = {prefix} if prefix is not None else {"", *(start for name in tensors for start in _wrappers(name))}

    def score(candidate: str) -> tuple[int, int]:
        hits = sum(name.removeprefix(candidate) in names for name in tensors if name.startswith(candidate))
        return hits, -len(candidate)

    best = max(sorted(candidates), key=score)
    if not score(best)[0]:  # other names throughout: the whole wrapper that all of them have
        best = max((one for one in candidates if all(name.startswith(one) for name in tensors)), key=len, default="")
    stripped = {name.removeprefix(best): tensor for name, tensor in tensors.items()}
    if len(stripped) != len(tensors):
        twice = [name for name in tensors if best + name in tensors]
        raise WeightsError(
            f'the file has tensors both with and without the prefix "{best}", such as {", ".join(twice[:3])}. '
            "Save the one network that is meant to a file of its own."
        )
    return stripped, best


def _wrappers(name: str) -> list[str]:
    """All prefixes of a name that consist of known parts, the short ones first."""
    found = [""]
    while part := next((part for part in PREFIXES if name.startswith(part, len(found[-1]))), None):
        found.append(found[-1] + part)
    return found


def without_heads(
    tensors: Mapping[str, Tensor], wanted: Iterable[str], drop: Iterable[str]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The tensors without classification heads and without those declared in ``drop``, and the names left out."""
    names, beginnings = set(wanted), (*HEADS, *drop)
    dropped = tuple(name for name in tensors if name not in names and name.startswith(beginnings))
    return {name: tensor for name, tensor in tensors.items() if name not in dropped}, dropped
