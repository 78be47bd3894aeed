"""What every test may use."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
import urllib3

from tests.messages import note_errors, pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]

PROJECT = Path(__file__).resolve().parent.parent

LONGEST = (
    "test_made_targets.py",
    "test_learning.py",
    "test_slurm.py",
    "test_ceilings.py",
    "test_ddp.py",
    "test_runner.py",
    "test_benchmark.py",
    "test_floors.py",
    "test_command_line.py",
    "test_backbones.py",
    "test_report.py",
    "test_pretraining.py",
    "test_chaos.py",
    "test_weight_loading.py",
)
"""Files that take half a minute or more."""

note_errors()
for name in ("cv2", "gdcm"):  # they set variables of the environment, which no test is to be blamed for
    with suppress(ImportError):
        importlib.import_module(name)
torch.set_num_threads(1)  # parallel test processes on few cores are many times slower with more


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: one that a process begins last is waited for by all the others.

    pytest-xdist would begin with the files of the most tests, and a file of two tests may be among the longest.
    """
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def variables_as_before() -> Iterator[None]:
    """Gives each test the variables of the environment that the first one had: libraries leave some of their own."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(autouse=True)
def loopback_alone(variables_as_before: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends a test that would fetch from elsewhere, as a planner does by itself where its runs need something."""
    request = urllib3.PoolManager.request

    def from_loopback(pool: urllib3.PoolManager, method: str, url: str, *arguments: Any, **settings: Any) -> Any:
        if urllib3.util.parse_url(url).host not in ("127.0.0.1", "localhost"):
            pytest.fail(f"this test would fetch {url}, and tests fetch from this machine alone; it lacks --offline")
        return request(pool, method, url, *arguments, **settings)

    monkeypatch.setattr(urllib3.PoolManager, "request", from_loopback)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real medical files, or a skip that says how to get one."""
    folder = Path(os.environ.get("MEDTRANSFER_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "drive").is_dir():
        pytest.skip(f"no real medical files in {folder}; set MEDTRANSFER_TEST_DATA to a folder that has them")
    return folder
