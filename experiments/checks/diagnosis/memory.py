"""Free memory, and the size of the shared memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from experiments.checks.diagnosis.check_result import CheckResult

GIB = 2**30

LEAST = 2 * GIB
"""Bytes below which even one run of a large network on large images may be killed; a value from experience."""

SHARED = 256 * 2**20
"""Bytes of shared memory below which several GPUs do not work together: a container's default is 64 MiB, and NCCL
asks for more (https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html#shared-memory)."""


def available(memory: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that new processes may take, the smaller of the machine's and the container's; None if neither is known."""
    found = []
    try:
        lines = memory.read_text(encoding="ascii").splitlines()
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            found.append(int(limit) - int((group / "memory.current").read_text(encoding="ascii")))
    except OSError:  # another system, or no container
        pass
    return min(found, default=None)


def memory(free: int | None) -> CheckResult:
    """Whether the free memory, in bytes, is enough for a run; None if it is not known."""
    if free is None:
        return CheckResult("memory", "ok", "not known on this system")
    if free < LEAST:
        return CheckResult(
            "memory", "warning", f"{free / GIB:.1f} GiB are free", "Say --jobs 1, or end other programs."
        )
    return CheckResult("memory", "ok", f"{free / GIB:.1f} GiB are free")


def shared_memory(
    folder: Path = Path("/dev/shm"), statvfs: Callable[[Path], os.statvfs_result] = os.statvfs
) -> CheckResult:
    """Whether processes that train together can exchange tensors.

    Args:
        folder: the folder that shows shared memory as a file system.
        statvfs: a function that gives the size of a folder's file system, such as ``os.statvfs``.
    """
    try:
        found = statvfs(folder)
    except FileNotFoundError:
        return CheckResult("shared memory", "ok", f"no {folder} on this system")
    size = found.f_frsize * found.f_blocks
    if size < SHARED:
        return CheckResult(
            "shared memory", "warning", f"{folder} has {size / 2**20:.0f} MiB, too few for several GPUs together",
            "Start the container with --shm-size=1g or --ipc=host.",
        )  # fmt: skip
    return CheckResult("shared memory", "ok", f"{folder} has {size / GIB:.1f} GiB")
