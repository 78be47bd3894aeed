"""GPUs, torch builds, cores and threads, from made-up machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.checks.diagnosis.processors import Build, devices, gpu_nodes, installed_build, quota, runs_on, threads

BUILT = ("sm_75", "sm_80", "sm_90", "sm_100a", "sm_120")


@pytest.mark.parametrize(
    ("capability", "architectures", "fits"),
    [
        ((8, 0), ["sm_80"], True),
        ((8, 6), ["sm_80"], True),
        ((8, 0), ["sm_86"], False),
        ((9, 0), ["sm_80"], False),
        ((9, 0), ["compute_80"], True),
        ((7, 5), ["compute_80"], False),
        ((10, 0), ["sm_100a"], True),
        ((10, 3), ["sm_100a"], False),
        ((10, 3), ["sm_100f"], True),
        ((12, 1), ["sm_120"], True),
        ((9, 0), [], False),
    ],
)
def test_code_runs_on_its_own_major_version_and_translated_code_on_later_ones(
    capability: tuple[int, int], architectures: list[str], fits: bool
) -> None:
    assert runs_on(capability, architectures) is fits


@pytest.mark.parametrize(
    ("capability", "state", "words"),
    [((9, 0), "ok", ""), ((6, 1), "problem", "too old"), ((13, 0), "problem", "too new")],
)
def test_a_gpu_that_torch_was_not_built_for_is_a_problem(capability: tuple[int, int], state: str, words: str) -> None:
    first, found = devices(Build("2.11", "13.0", BUILT, (("A card", capability),)), 1)
    assert first.state == "ok"
    assert (found.check, found.state) == ("GPU 0", state)
    assert words in found.found


@pytest.mark.parametrize(
    ("cuda", "nodes", "environment", "state", "remedy"),
    [
        (None, 0, {}, "ok", ""),
        ("13.0", 0, {}, "ok", ""),
        (None, 2, {}, "warning", "Install a torch with CUDA"),
        ("13.0", 2, {}, "warning", "Update the NVIDIA driver"),
        ("13.0", 2, {"CUDA_VISIBLE_DEVICES": ""}, "warning", "Unset it"),
    ],
)
def test_a_gpu_that_torch_does_not_see_is_said(
    cuda: str | None, nodes: int, environment: dict[str, str], state: str, remedy: str
) -> None:
    (found,) = devices(Build("2.11", cuda), nodes, environment)
    assert (found.check, found.state) == ("device", state)
    assert found.remedy.startswith(remedy) and bool(found.remedy) == bool(remedy)


def test_a_torch_that_cannot_be_imported_is_a_problem_and_no_crash() -> None:
    (found,) = devices("OSError: libcudart.so.13: cannot open shared object file", 1)
    assert found.state == "problem"
    assert "libcudart" in found.found


def test_the_installed_torch_can_be_judged() -> None:
    build = installed_build()
    assert isinstance(build, Build)
    assert devices(build, len(build.gpus))[0].state == "ok"


def test_gpus_are_counted_by_the_devices_of_their_driver(tmp_path: Path) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert gpu_nodes(tmp_path) == 2


@pytest.mark.parametrize(("text", "cores"), [("max 100000", None), ("150000 100000", 1.5), ("", None)])
def test_a_containers_share_is_read(text: str, cores: float | None, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert quota(tmp_path / "cpu.max") == cores
    assert quota(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("allowed", "omp", "load", "checks"),
    [
        (None, None, None, []),
        (8.0, "4", 3.9, []),
        (None, "1,2", None, []),
        (1.5, None, None, ["CPU"]),
        (None, "16", None, ["threads"]),
        (None, "many", None, ["threads"]),
        (None, None, 9.0, ["load"]),
        (2.0, "4", 3.0, ["CPU", "threads", "load"]),
    ],
)
def test_more_threads_than_cores_are_a_warning(
    allowed: float | None, omp: str | None, load: float | None, checks: list[str]
) -> None:
    found = threads(4, allowed, omp, load)
    assert [one.check for one in found if one.state == "warning"] == checks
    assert checks or [one.state for one in found] == ["ok"]
