"""Faults of weight files that no other test meets: each is one sentence with its cause and what to do."""

from __future__ import annotations

import errno
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from initializers.byol import Byol
from initializers.formats import checkpoints, files
from initializers.formats.checkpoints import read_tensors
from initializers.formats.files import sha256_of
from initializers.loading import contract
from initializers.publishing.inspecting import inspect
from specs.errors import WeightsError
from specs.expression import parse
from specs.run import Pretraining
from tests.initializers.contract import tiny


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    save_file({"conv1.weight": torch.zeros(2, 3, 3, 3)}, tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_a_pickle_that_is_not_byols_says_where_theirs_is(tmp_path: Path) -> None:
    (tmp_path / "other.pkl").write_bytes(pickle.dumps({"weights": {}}))
    with pytest.raises(WeightsError, match=r"other\.pkl has no entry experiment_state.*theirs is on http"):
        Byol().convert(tmp_path / "other.pkl")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), r"memory ran out while .*weights\.safetensors was read, which takes [\d,]+ bytes"),
        (OSError(errno.EIO, "Input/output error"), r"cannot be read: Input/output error\. Look at its disk"),
    ],
)
def test_a_machine_that_cannot_read_is_not_the_files_fault(
    error: Exception, told: str, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(checkpoints, "_container", fails)
    with pytest.raises(WeightsError, match=told):
        read_tensors(weights)


def test_a_disk_that_fails_while_a_file_is_hashed_is_named(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "_sha256", fails)
    with pytest.raises(WeightsError, match=r"weights\.safetensors cannot be read: Input/output error"):
        sha256_of(weights)


def test_a_name_that_no_disk_takes_is_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is out of reach: File name too long"):
        read_tensors(tmp_path / ("a" * 300))


def test_a_link_to_nothing_is_told_from_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").symlink_to(tmp_path / "gone.pth")
    with pytest.raises(WeightsError, match=r"weights\.pth is a link to what is not there"):
        read_tensors(tmp_path / "weights.pth")


def test_archives_of_other_programs_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", kernel=np.zeros(3))
    with pytest.raises(WeightsError, match=r"is an archive of NumPy \(\.npz\) with kernel"):
        read_tensors(tmp_path / "weights.npz")
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(WeightsError, match=r"is a model of Keras 3 \(\.keras\)"):
        read_tensors(tmp_path / "model.keras")


def test_weights_of_a_run_are_asked_of_a_run_store() -> None:
    need = Pretraining(dataset=parse("fractals"), initializer=parse("random"))
    with pytest.raises(WeightsError, match=r"these weights come from a run: random trained on fractals"):
        contract.no_runs(need)


def test_a_checkpoint_of_tensorflow_that_nothing_reads_says_why(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("model.ckpt-1.index", b"nothing of TensorFlow's")
    with pytest.raises(WeightsError, match=r"(?s)model\.zip is of no known kind\.\nAs "):
        inspect(tmp_path / "model.zip", tiny())
