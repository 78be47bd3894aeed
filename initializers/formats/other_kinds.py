"""Files that are no checkpoints of torch or safetensors: what each kind is, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from specs.errors import WeightsError
from specs.quoting import names, plain

CONVERT = 'save_file({name: tensor}, "weights.safetensors") of safetensors.torch'

BEGINNINGS = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the file; run `git lfs pull` where it came from"),
    (b"\x89HDF\r\n\x1a\n", f"is an HDF5 file, as Keras writes it (.h5); read it with h5py and write {CONVERT}"),
    (b"\x93NUMPY", f"is one array of NumPy (.npy), which has no name; write {CONVERT}"),
    (b"\x1f\x8b", "is a tar or gzip archive; unpack it and name the checkpoint in it"),
    (b"BZh", "is a bzip2 archive; unpack it and name the checkpoint in it"),
    (b"\xfd7zXZ\x00", "is an xz archive; unpack it and name the checkpoint in it"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive; unpack it and name the checkpoint in it"),
    (b"Rar!", "is a RAR archive; unpack it and name the checkpoint in it"),
    (b"\x28\xb5\x2f\xfd", "is a zstd archive; unpack it and name the checkpoint in it"),
    (b"GGUF", "is a GGUF file of llama.cpp, whose weights are packed; fetch the safetensors file of the same weights"),
)
"""The first bytes of kinds of files (https://en.wikipedia.org/wiki/List_of_file_signatures), and words for each."""

TAR = slice(257, 262)
"""The bytes of a tar archive that say ``ustar`` (POSIX.1-2001, pax)."""

ONNX = rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x3a]"
"""The first bytes of an ONNX model: its version, field 1 of its message, and one of the next fields (onnx.proto)."""


def what_else(file: Path, start: bytes) -> str:
    """Words that say what a file is that is no checkpoint, and what to do about it.

    Args:
        file: the path of the file.
        start: the first 512 bytes of the file.
    """
    text = start.lstrip().lower()
    if not start:
        return "is empty; fetch it again"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, probably an error or a download form; fetch the file itself"
    for beginning, words in BEGINNINGS:
        if start.startswith(beginning):
            return words
    if start[TAR] == b"ustar":
        return "is a tar or gzip archive; unpack it and name the checkpoint in it"
    if b'"weight_map"' in start or (text.startswith(b"{") and file.name.endswith(".index.json")):
        return (
            "is the index of a checkpoint in several files, which holds no weights; load the files that it names, put "
            f"their tensors together and write {CONVERT}"
        )
    if text.startswith((b"{", b"[")):
        return "is a text of JSON, which holds no weights; name the file with the weights"
    if re.match(ONNX, start):
        return f"is an ONNX model; read its initializers with the package onnx and write {CONVERT}"
    return f"is of another kind (it begins with {start[:16]!r}); check where it came from"


def check_archive(file: Path, entries: list[str]) -> None:
    """Refuse a zip archive that ``torch.save`` did not write.

    Args:
        file: the path of the archive.
        entries: the names of the entries in the archive.

    Raises:
        WeightsError: if ``torch.save`` did not write the archive; it says what the archive is.
    """
    if any(name.endswith("/constants.pkl") for name in entries):
        raise WeightsError(
            f"{file} is a TorchScript program. Export its state dict: torch.save(model.state_dict(), ...)."
        )
    if any(name.endswith("/data.pkl") for name in entries):
        return
    if entries and all(name.endswith(".npy") for name in entries):
        raise WeightsError(
            f"{file} is an archive of NumPy (.npz) with {names(name.removesuffix('.npy') for name in entries)}. "
            f"Expected safetensors or a file of torch.save; read it with numpy.load and write {CONVERT}."
        )
    if any(name.endswith("model.weights.h5") for name in entries):
        raise WeightsError(f"{file} is a model of Keras 3 (.keras). Read it with Keras and write {CONVERT}.")
    raise WeightsError(
        f"{file} is a zip archive of {names(entries, 3)}, not a checkpoint. Unpack it and name the checkpoint in it."
    )


def folder_words(folder: Path) -> str:
    """Words that say what a folder is that was named as a weight file, and what to do."""
    try:
        inside = sorted(path.name for path in folder.iterdir())
    except OSError:
        inside = []
    if "saved_model.pb" in inside:
        return f"is a SavedModel of TensorFlow, a folder. Read it with TensorFlow and write {CONVERT}."
    weights = [name for name in inside if Path(name).suffix in (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".tar")]
    named = f" such as {plain(weights[0])}" if weights else ""
    return f"is a folder, not a weight file. Name the file in it{named}."
