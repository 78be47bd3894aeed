"""Damaged label files of all datasets: tables, lists, JSON and NumPy archives, as their phantom editions have them."""

from __future__ import annotations

import io
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.dataset.contract import Dataset
from datamodules.dataset.counting import census
from datamodules.phantoms.phantom import ensure_phantom
from specs.expression import parse
from specs.registry import DATASETS

NAME = "labels"

TEXTS = (".csv", ".txt", ".json")

EXPRESSIONS = (
    "aptos2019", "chestxray14", "chexpert", "chexpert(test='test')", "eyepacs", "messidor2", "rsna_pe",
    "rsna_pneumonia", "siim_acr", "imagenet(labels='coarse.csv')", "imagenet", "inat2021",
    "folder(patient='patient', split='split')", "folder(kind='multilabel', classes=('a', 'b', 'c'))",
    "folder(kind='multiclass', classes=('a', 'b', 'c'), patient='patient')",
    "folder(kind='segmentation', patient='patient', split='split', table='labels.csv')",
    "medmnist('pneumoniamnist')", "medmnist('retinamnist')", "medmnist('chestmnist')", "shenzhen", "montgomery",
)  # fmt: skip
"""Every dataset that is read from files, also with arguments that make it read other files."""

LISTS = "own_lists"
"""The folder of a user's split lists, which any dataset takes."""

CELLS = (
    "", " ", "nan", "inf", "-inf", "-1", "2", "0.5", "1e999", "1_0", "\u0661", "NULL", "None", "true", "../x",
    "/etc/passwd",
    "C:\\x.png", "c:x", ".", "..", "a\0b", "\x1b[31m", "\u202e", "x" * 300, "9" * 5000, "a|b", "|", "_", "[]", "\ud7ff",
    "\U0001f600", "a\nb", "a,b", '"', "''", "1 ", "\ufeff1", "-0", "0x1", "1,5",
)  # fmt: skip


def attempt(generator: random.Random, folder: Path) -> None:
    """Damage one label file of one dataset and open the dataset.

    Args:
        generator: the generator that chooses the dataset, the file and the damage.
        folder: a folder of the attempt; the phantom editions and the copies that are damaged are kept beside it.

    Raises:
        MedtransferError: as a user would see it.
    """
    expression = generator.choice(EXPRESSIONS)
    pristine, root = _copied(expression, folder.parent)  # the folder itself is emptied before each input
    files = [path.relative_to(pristine) for path in sorted(pristine.rglob("*")) if _is_label_file(path)]
    lists = not files or generator.random() < 0.1
    dataset: Dataset = DATASETS.build(parse(expression))
    if lists:
        text = (
            f"{expression.removesuffix(')')}{', ' if '(' in expression else '('}splits={json.dumps(str(root / LISTS))})"
        )
        dataset = DATASETS.build(parse(text))
        chosen = Path(LISTS) / generator.choice(("train.txt", "validation.txt", "test.txt"))
    else:
        chosen = generator.choice(files)
    target = root / chosen
    try:
        target.unlink()
        damage(generator, pristine / chosen, target)
        known = dataset.at(root)
        index = known.index(root)
        index.identity()
        census(known, index, compare=True).to_json()
        if not lists and expression == "chestxray14":
            known.located(root)
        if known.kind == "segmentation" and index.train:
            known.read_mask(root, generator.choice(index.train))
    finally:
        _remove(target)
        shutil.copyfile(pristine / chosen, target)


def damage(generator: random.Random, source: Path, target: Path) -> None:
    """Write a damaged copy of a file, or put something else, or nothing, at its path."""
    content = source.read_bytes()
    kind = generator.randrange(20)
    if kind == 0:
        target.mkdir()
    elif kind == 1:
        return  # it is missing
    elif kind == 2:
        target.write_bytes(b"")
    elif kind == 3:
        target.write_bytes(generator.randbytes(generator.randrange(1, 2000)))
    elif kind < 8:
        target.write_bytes(_bytes_damaged(generator, content))
    elif source.suffix == ".json":
        target.write_text(_json_damaged(generator, content), encoding="utf-8", errors="replace")
    elif source.suffix == ".npz":
        target.write_bytes(_arrays_damaged(generator, content))
    else:
        target.write_bytes(_table_damaged(generator, content))


def _is_label_file(path: Path) -> bool:
    return path.suffix in (*TEXTS, ".npz") and path.name != "SYNTHETIC.txt" and path.parent.name != LISTS


def _copied(expression: str, folder: Path) -> tuple[Path, Path]:
    """The folder of a phantom edition with split lists, and the folder of a copy of it."""
    drawn = ensure_phantom(parse(expression), folder / "phantoms")
    pristine, root = folder / "pristine" / drawn.name, folder / "damaged" / drawn.name
    if not pristine.is_dir():
        shutil.copytree(drawn, pristine)
        dataset: Dataset = DATASETS.build(parse(expression))
        if expression == "imagenet":
            _as_kaggle(pristine)
        index = dataset.at(pristine).index(pristine)
        (pristine / LISTS).mkdir()
        for split, samples in (("train", index.train), ("validation", index.validation), ("test", index.test)):
            lines = [" ".join([sample.id, *(f"{value:g}" for value in sample.target)]) for sample in samples[:20]]
            (pristine / LISTS / f"{split}.txt").write_text("\n".join(lines), encoding="utf-8")
    if not root.is_dir():
        shutil.copytree(pristine, root)
    return pristine, root


def _as_kaggle(root: Path) -> None:
    """Lay ImageNet out as in Kaggle's archive, with a table of the validation images."""
    rows = ["ImageId,PredictionString"]
    base = root / "Data" / "CLS-LOC"
    (base / "val").mkdir(parents=True)
    (root / "train").rename(base / "train")
    for path in sorted((root / "val").glob("*/*")):
        rows.append(f"{path.stem},{path.parent.name} 1 2 3 4")
        path.rename(base / "val" / path.name)
    shutil.rmtree(root / "val")
    (root / "LOC_val_solution.csv").write_text("\n".join(rows), encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)


def _bytes_damaged(generator: random.Random, content: bytes) -> bytes:
    changed, at = bytearray(content), generator.randrange(max(1, len(content)))
    kind = generator.randrange(7)
    if kind == 0:
        return content[:at]
    if kind == 1:
        for _ in range(generator.randrange(1, 20)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
    elif kind == 2:
        changed[at:at] = b"\0" * generator.randrange(1, 5)
    elif kind == 3:
        changed[at:at] = generator.randbytes(generator.randrange(1, 40))
    elif kind == 4:
        text = content.decode("utf-8", errors="replace")
        return text.encode(generator.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7")), errors="replace")
    elif kind == 5:
        changed[at : at + generator.randrange(1, 200)] = b""
    else:
        changed += content
    return bytes(changed)


def _table_damaged(generator: random.Random, content: bytes) -> bytes:
    """A table or list with other cells, columns, lines, quotes or separators."""
    lines = content.decode().split("\n")
    row = generator.randrange(len(lines))
    cells = [line.split(",") for line in lines]
    column = generator.randrange(max(1, len(cells[0])))
    kind = generator.randrange(14)
    if kind <= 3:
        for _ in range(generator.randrange(1, 4)):
            chosen = generator.choice(cells)
            chosen[generator.randrange(len(chosen))] = generator.choice(CELLS)
    elif kind == 4:
        cells = [line[:column] + line[column + 1 :] for line in cells]
    elif kind == 5:
        cells = [line[: column + 1] + line[column:] for line in cells]
    elif kind == 6:
        cells[row].insert(column, '"' + generator.choice(("", "x", "x" * 200_000)))
    elif kind == 7:
        cells[row] = ["x" * generator.choice((131_071, 131_073, 300_000))]
    elif kind == 8:
        cells.insert(row, list(cells[generator.randrange(len(cells))]))
    elif kind == 9:
        generator.shuffle(cells[0])
    elif kind == 10:
        cells = cells[:1]
    elif kind == 11:
        cells.insert(row, [generator.choice(CELLS)] * generator.choice((1, len(cells[0]), 20)))
    separator = generator.choice((";", "\t", "|")) if kind == 12 else ","
    end = generator.choice(("\r", "\r\n", "\x0b", "\u2028", "\n\n")) if kind == 13 else "\n"
    return end.join(separator.join(line) for line in cells).encode("utf-8", errors="surrogatepass")


def _json_damaged(generator: random.Random, content: bytes) -> str:
    """A JSON file with another value at some position, or with more levels than any program reads."""
    if generator.random() < 0.2:
        text = generator.choice(("[", '{"categories":', '{"a":['))
        return text * generator.choice((10, 100_000))
    data: Any = json.loads(content)
    holder: Any = data
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = generator.choice(keys)
        if isinstance(holder[key], dict | list) and holder[key] and generator.random() < 0.8:
            holder = holder[key]
            continue
        if generator.random() < 0.3:
            del holder[key]
        else:
            others: tuple[Any, ...] = (None, [], {}, [1], {"a": 1}, 0, -1, 10**400, 1.5, float("nan"), True, *CELLS)
            holder[key] = generator.choice(others)
        return json.dumps(data)


def _arrays_damaged(generator: random.Random, content: bytes) -> bytes:
    """A NumPy archive in which one array is changed or missing."""
    with np.load(io.BytesIO(content)) as archive:
        arrays: dict[str, Any] = dict(archive)
    name = generator.choice(sorted(arrays))
    changes: tuple[Callable[[Any], Any], ...] = (
        lambda array: array.astype(float),
        lambda array: np.where(array > 0, np.nan, 0.0),
        lambda array: array.astype(str),
        lambda array: array.astype(np.int64) - 5,
        lambda array: array.astype(complex),
        lambda array: array.astype(bool),
        lambda array: array[..., None],
        lambda array: array.ravel(),
        lambda array: array[:0],
        lambda array: array[:-1],
        lambda array: np.zeros((), array.dtype),
        lambda array: np.array([None, {}], dtype=object),
        lambda array: np.zeros(3, dtype=[("a", "u1"), ("b", "f4")]),
        lambda array: np.zeros(3, dtype="datetime64[s]"),
        lambda array: array.astype(np.uint64) + np.uint64(2**63),
    )
    if generator.random() < 0.2:
        del arrays[name]
    else:
        arrays[name] = generator.choice(changes)(arrays[name])
    written = io.BytesIO()
    np.savez(written, **arrays)
    return written.getvalue()
