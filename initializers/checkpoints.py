"""Reading checkpoint files: containers, prefixes and heads. No code in a file is ever run."""

from __future__ import annotations

import difflib
import functools
import hashlib
import pickle
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from specs.errors import WeightsError

CONTAINERS = ("state_dict", "model", "model_state_dict", "backbone")
"""Entries that training programs put the tensors under."""

PREFIXES = ("module.", "encoder_q.", "encoder.", "backbone.", "model.", "network.", "base_encoder.")
"""Beginnings of names that wrappers add; they are stripped at the start of a name only, in any combination."""

HEADS = ("fc.", "head.", "classifier.", "head_fc.")
"""Beginnings of names of classification heads, which are never part of a backbone."""


def sha256_of(path: str | Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal; read once per process unless size or time changes.

    Raises:
        WeightsError: if there is no such file.
    """
    file = _existing(Path(path))
    status = file.stat()
    return _sha256(file, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else " Check the path; it is relative to the current folder."
    raise WeightsError(f"there is no weight file {path}.{hint}")


def read_tensors(path: str | Path, key: str | None = None) -> tuple[dict[str, Tensor], str]:
    """The named tensors of a checkpoint and where in the file they were.

    Args:
        path: a safetensors file, or what ``torch.save`` wrote (zip or legacy).
        key: the container entry that holds the tensors; None takes the first of the usual ones, else the top level.

    Raises:
        WeightsError: if the file is missing, damaged, holds code, or holds no tensors.
    """
    file = _existing(Path(path))
    with file.open("rb") as opened:
        start = opened.read(512)
    _refuse_impostor(file, start)
    if file.suffix == ".safetensors" or (start[8:9] == b"{" and b'"dtype"' in start):
        try:
            return load_file(file), "safetensors"
        except (SafetensorError, OSError) as error:
            raise _damaged(file, str(error)) from error
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise WeightsError(
                f"{file} holds objects other than tensors and plain data, and reading them would run code from the "
                f"file ({_first_line(error)}). It was not read. Export its state dict alone, with "
                "safetensors.torch.save_file, where you trust the file."
            ) from error
        raise _damaged(file, str(error)) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(file, _first_line(error)) from error
    return _unwrap(file, loaded, key)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _damaged(file: Path, why: str) -> WeightsError:
    return WeightsError(
        f"{file} ({file.stat().st_size} bytes) cannot be read: {why}. Expected safetensors or a torch checkpoint; "
        "the file is cut short or of another kind. Fetch it again."
    )


def _refuse_impostor(file: Path, start: bytes) -> None:
    text = start.lstrip().lower()
    if not start:
        what = "is empty"
    elif text.startswith((b"<!doctype", b"<html", b"<?xml")):
        what = "is a web page, probably an error or a download form"
    elif start.startswith(b"version https://git-lfs"):
        what = "is a Git LFS pointer; run `git lfs pull` where it came from"
    else:
        return
    raise WeightsError(f"{file} {what}, not a checkpoint. Fetch the file itself again.")


def _unwrap(file: Path, loaded: Any, key: str | None) -> tuple[dict[str, Tensor], str]:
    kind = "torch checkpoint"
    if key is not None:
        if not isinstance(loaded, Mapping) or key not in loaded:
            found = sorted(map(str, loaded))[:10] if isinstance(loaded, Mapping) else type(loaded).__name__
            raise WeightsError(f'{file} has no entry "{key}"; found {found}. Name one of them, or none.')
        loaded, kind = loaded[key], f'{kind}, entry "{key}"'
    elif isinstance(loaded, Mapping):
        for name in CONTAINERS:
            if isinstance(loaded.get(name), Mapping):
                loaded, kind = loaded[name], f'{kind}, entry "{name}"'
                break
    tensors = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)} if isinstance(
        loaded, Mapping
    ) else {}  # fmt: skip
    if not tensors:
        found = sorted(map(str, loaded))[:10] if isinstance(loaded, Mapping) else type(loaded).__name__
        raise WeightsError(
            f'{file} holds no named tensors; found {found}. Name the entry that does: file("...", key="...").'
        )
    return tensors, kind


def without_prefix(
    tensors: Mapping[str, Tensor], wanted: Iterable[str], prefix: str | None
) -> tuple[dict[str, Tensor], str]:
    """The tensors with the wrapper's prefix stripped from the start of their names, and that prefix.

    Of all prefixes in the file that are made of known parts, the one after which most wanted names are there is
    taken; names that do not begin with it stay as they are.

    Args:
        tensors: as read from the file.
        wanted: the backbone's tensor names.
        prefix: the declared prefix; None looks for the known ones.
    """
    names = set(wanted)
    candidates = {prefix} if prefix is not None else {"", *(_wrapper(name) for name in tensors)}
    if prefix is None:
        candidates |= {name[:end] for name in candidates for end in range(len(name)) if name[:end].endswith(".")}

    def score(candidate: str) -> tuple[int, int]:
        hits = sum(name.removeprefix(candidate) in names for name in tensors if name.startswith(candidate))
        return hits, -len(candidate)

    best = max(sorted(candidates), key=score)
    return {name.removeprefix(best): tensor for name, tensor in tensors.items()}, best


def _wrapper(name: str) -> str:
    found = ""
    while True:
        part = next((part for part in PREFIXES if name.startswith(part, len(found))), None)
        if part is None:
            return found
        found += part


def without_heads(
    tensors: Mapping[str, Tensor], wanted: Iterable[str], drop: Iterable[str]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The tensors without classification heads and without those declared in ``drop``, and the names left out."""
    names, beginnings = set(wanted), (*HEADS, *drop)
    dropped = tuple(name for name in tensors if name not in names and name.startswith(beginnings))
    return {name: tensor for name, tensor in tensors.items() if name not in dropped}, dropped
