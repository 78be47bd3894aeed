"""Memory of machines and containers."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments.checks.diagnosis.memory import available, memory, shared_memory

GIB = 2**30


def test_a_containers_limit_counts_where_it_is_lower(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  99 kB\nMemAvailable:    8388608 kB\n")
    assert available(tmp_path / "meminfo", tmp_path / "no group") == 8 * GIB
    (tmp_path / "memory.max").write_text("max\n")
    assert available(tmp_path / "meminfo", tmp_path) == 8 * GIB
    (tmp_path / "memory.max").write_text(f"{4 * GIB}\n")
    (tmp_path / "memory.current").write_text(f"{GIB}\n")
    assert available(tmp_path / "meminfo", tmp_path) == 3 * GIB
    assert available(tmp_path / "absent", tmp_path) is None


@pytest.mark.parametrize(("free", "state"), [(None, "ok"), (3 * GIB, "ok"), (GIB, "warning")])
def test_little_memory_is_a_warning(free: int | None, state: str) -> None:
    assert memory(free).state == state


@pytest.mark.parametrize(("size", "state"), [(64 * 2**20, "warning"), (GIB, "ok")])
def test_the_shared_memory_of_a_container_is_small_unless_asked_for(size: int, state: str, tmp_path: Path) -> None:
    def statvfs(path: Path) -> Any:
        return SimpleNamespace(f_frsize=4096, f_blocks=size // 4096)

    found = shared_memory(tmp_path, statvfs)
    assert found.state == state
    assert ("--shm-size" in found.remedy) == (state == "warning")


def test_a_system_without_shared_memory_is_no_fault(tmp_path: Path) -> None:
    assert shared_memory(tmp_path / "absent", os.statvfs).state == "ok"
