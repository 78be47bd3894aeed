"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

PROJECT = Path(__file__).resolve().parent.parent

torch.set_num_threads(1)  # parallel test processes on few cores are many times slower with more


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real medical files, or a skip that says how to get one."""
    folder = Path(os.environ.get("MEDTRANSFER_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "drive").is_dir():
        pytest.skip(f"no real medical files in {folder}; set MEDTRANSFER_TEST_DATA to a folder that has them")
    return folder
