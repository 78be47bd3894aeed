"""GPUs and whether the installed torch can use them, CPU cores and threads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.checks.diagnosis.check_result import CheckResult

NODES = Path("/dev")
"""Where NVIDIA's driver makes ``nvidia0``, ``nvidia1`` and so on."""

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""The file with a container's CPU limit: microseconds of CPU time, or ``max``, and microseconds of a period
(https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files)."""


@dataclass(frozen=True)
class Build:
    """The installed build of torch.

    Attributes:
        version: the version of torch.
        cuda: the version of CUDA that torch was built with; None if it was built for CPUs.
        architectures: the GPU architectures that torch has code for, such as ``sm_90``; empty if it sees no GPU.
        gpus: the name and compute capability (major and minor version) of each GPU that torch sees.
    """

    version: str
    cuda: str | None
    architectures: tuple[str, ...] = ()
    gpus: tuple[tuple[str, tuple[int, int]], ...] = ()


def installed_build() -> Build | str:
    """The torch that Python imports, or in words why it cannot be imported."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    gpus = tuple((torch.cuda.get_device_name(at), torch.cuda.get_device_capability(at)) for at in range(count))
    return Build(torch.__version__, torch.version.cuda, tuple(torch.cuda.get_arch_list()) if count else (), gpus)


def gpu_nodes(folder: Path = NODES) -> int:
    """The number of GPUs that NVIDIA's driver has made device files for, whether torch sees them or not."""
    return len([path for path in folder.glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)])


def devices(build: Build | str, nodes: int, environment: Mapping[str, str] = os.environ) -> list[CheckResult]:
    """Which devices networks are trained on, and whether torch can use all GPUs.

    Args:
        build: the installed torch, or in words why it cannot be imported.
        nodes: the number of GPUs that the driver has made device files for.
        environment: the environment variables of the process.
    """
    if isinstance(build, str):
        return [
            CheckResult("torch", "problem", f"it cannot be imported ({build})", "Install it again: see pytorch.org.")
        ]
    name = f"torch {build.version} for {f'CUDA {build.cuda}' if build.cuda else 'CPUs'}"
    if not build.gpus and nodes:
        if environment.get("CUDA_VISIBLE_DEVICES") is not None:
            seen = f"CUDA_VISIBLE_DEVICES={environment['CUDA_VISIBLE_DEVICES']!r} hides {nodes} GPUs"
            return [CheckResult("device", "warning", f"{name}; {seen}", "Unset it, unless CPUs are meant.")]
        why = (
            f"Update the NVIDIA driver to one for CUDA {build.cuda}, or install a torch for an older CUDA."
            if build.cuda
            else "Install a torch with CUDA: see pytorch.org."
        )
        return [CheckResult("device", "warning", f"{name}; it sees none of {nodes} GPUs, so runs take the CPU", why)]
    if not build.gpus:
        return [CheckResult("device", "ok", f"{name}; no GPU, so runs take the CPU")]
    found = [CheckResult("device", "ok", f"{name}; {len(build.gpus)} GPUs, of which each run takes one")]
    return found + [_gpu(number, *gpu, build.architectures) for number, gpu in enumerate(build.gpus)]


def _gpu(number: int, name: str, capability: tuple[int, int], architectures: Sequence[str]) -> CheckResult:
    check, words = f"GPU {number}", f"{name}, compute capability {capability[0]}.{capability[1]}"
    if runs_on(capability, architectures):
        return CheckResult(check, "ok", words)
    oldest = min((_of(text)[1] for text in architectures), default=(0, 0))
    age = "too old" if capability < oldest else "too new"
    remedy = f"Install {'an older' if age == 'too old' else 'a newer'} torch, or hide it with CUDA_VISIBLE_DEVICES."
    return CheckResult(check, "problem", f"{words}: {age} for this torch, built for {' '.join(architectures)}", remedy)


def runs_on(capability: tuple[int, int], architectures: Sequence[str]) -> bool:
    """Whether a build of torch has code for a GPU of this compute capability.

    Machine code (``sm_86``) runs on the same major version from its minor version on, with an ``a`` on that version
    alone; ``compute_86`` is translated for all later ones
    (https://docs.nvidia.com/cuda/cuda-c-programming-guide/#binary-compatibility).
    """
    for text in architectures:
        kind, own, suffix = _of(text)
        if suffix == "a":
            fits = capability == own
        elif kind == "compute" and not suffix:
            fits = capability >= own
        else:
            fits = capability[0] == own[0] and capability >= own
        if fits:
            return True
    return False


def _of(text: str) -> tuple[str, tuple[int, int], str]:
    found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", text)
    if found is None:
        raise ValueError(f"expected an architecture such as sm_90 or compute_90, found {text}")
    return found[1], (int(found[2]), int(found[3])), found[4]


def quota(path: Path = QUOTA) -> float | None:
    """The CPU time that a container gives its processes, in cores; None without a limit."""
    try:
        limit, period = path.read_text(encoding="ascii").split()
    except (OSError, ValueError):  # another system, or no container
        return None
    return None if limit == "max" else int(limit) / int(period)


def threads(cores: int, allowed: float | None, omp: str | None, load: float | None) -> list[CheckResult]:
    """Whether runs may start more threads than there are cores; one run takes its recipe's ``threads``, mostly one.

    Args:
        cores: the number of cores that the process may use.
        allowed: the CPU time that a container gives its processes, in cores; None without a limit.
        omp: the value of ``OMP_NUM_THREADS``, which NumPy, OpenCV and others read; None if it is not set.
        load: the mean number of processes that used or wanted a core over the last minute; None if it is not known.
    """
    usable = cores if allowed is None else min(cores, allowed)
    found = []
    if usable < cores:
        found.append(
            CheckResult(
                "CPU", "warning", f"{cores} cores are visible, and the container gives the time of {usable:g}",
                f"Say --jobs {max(1, int(usable))}, or give the container more.",
            )
        )  # fmt: skip
    first = (omp or "1").partition(",")[0]  # numbers after a comma are for nested parallel regions
    if not first.isdecimal() or int(first) > usable:
        found.append(
            CheckResult(
                "threads", "warning", f"OMP_NUM_THREADS is {omp!r}, for {usable:g} cores",
                "Set it to 1: each of the --jobs would start so many, and they wait for each other.",
            )
        )  # fmt: skip
    if load is not None and load > usable:
        found.append(
            CheckResult(
                "load", "warning", f"{load:.1f} processes want the {usable:g} cores already",
                f"Wait, or say fewer --jobs than {max(1, int(usable))}, which is the default.",
            )
        )  # fmt: skip
    return found or [CheckResult("CPU", "ok", f"{cores} cores, so --jobs is {cores} unless you say it")]
