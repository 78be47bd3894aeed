"""The folders of phantom editions, which are written when they are first needed."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path

from datamodules.dataset.added import unchanged
from datamodules.dataset.contract import Dataset
from specs.expression import Call
from specs.files import awaited_file, filling
from specs.registry import DATASETS
from specs.run import digest

VERSION = 1
"""Raised on purpose when the drawing functions change."""

NOTICE = "These images are synthetic: drawn by medtransfer for its phantom profile. They show no patient.\n"


def phantom_root(expression: Call, folder: Path) -> Path:
    """The folder of a dataset's phantom edition, whether it has been written or not."""
    dataset: Dataset = DATASETS.build(expression)
    versions = [dataset.version, VERSION] + ([dataset.phantom_version] if dataset.phantom_version > 1 else [])
    return folder / f"{expression.name}-{digest([_without_splits(expression), *versions])[:12]}"


def _without_splits(expression: Call) -> str:
    """The expression without arguments that do not change the phantom edition, and without added defaults."""
    bound, dataset = DATASETS.bind(expression), DATASETS.build(expression)
    left = {"splits", "fraction", "order", "missing", *unchanged(dataset)}
    return str(Call(bound.name, (), tuple(item for item in bound.kwargs if item[0] not in left)))


def ensure_phantom(expression: Call, folder: Path) -> Path:
    """Write a dataset's phantom edition unless it is there, and return its folder.

    It appears whole: it is written under another name and renamed, and of two writers the first one wins.

    Raises:
        StorageError: if the disk is full.
        RunError: if another machine wrote it and it does not come in sight.
    """
    root = phantom_root(expression, folder)
    if root.is_dir():
        return root
    temporary = folder / f".{root.name}.{secrets.token_hex(4)}"
    with filling(root):
        try:
            temporary.mkdir(parents=True)
            DATASETS.build(expression).write_phantom(temporary)
            (temporary / "SYNTHETIC.txt").write_text(NOTICE, encoding="utf-8")
            try:
                os.rename(temporary, root)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return awaited_file(root)
