"""Deterministic mode and compilation around a run: set while it lasts, and said what to do where they do not work."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from experiments.run.compilation import compiling
from experiments.run.determinism import VARIABLE, WORKSPACE, deterministic
from experiments.run.runner import run
from specs.errors import RunError
from tests.experiments.smoke import paths_in, spec

PLAIN = dataclasses.replace(spec().recipe, epochs=1)
RECIPE = dataclasses.replace(PLAIN, deterministic=True)


def state() -> tuple[bool, bool, bool, str | None]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        os.environ.get(VARIABLE),
    )


@pytest.fixture(params=[None, ":0:0", ":16:8"], ids=str)
def configured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str | None]:
    """What the user set before, and settings of torch that are not the defaults."""
    if request.param is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, request.param)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield request.param
    torch.use_deterministic_algorithms(False)


def test_it_is_set_for_as_long_as_it_is_needed_and_no_longer(configured: str | None) -> None:
    before = state()
    with deterministic(RECIPE):
        assert state() == (True, False, False, configured if configured == ":16:8" else WORKSPACE)
    assert state() == before
    with pytest.raises(ZeroDivisionError), deterministic(RECIPE):
        raise ZeroDivisionError
    assert state() == before
    with deterministic(PLAIN):
        assert state() == before, "a recipe that does not ask for it"


def test_a_run_trains_and_tests_under_it_to_the_numbers_that_a_cpu_gives_anyway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(
        "lightning_modules.supervised.full", lambda x: (seen.append(torch.are_deterministic_algorithms_enabled()), x)[1]
    )
    mode = run(spec(recipe=RECIPE), paths_in(tmp_path))
    assert seen
    assert all(seen)
    seen.clear()
    plain = run(spec(recipe=PLAIN), paths_in(tmp_path))
    assert seen
    assert not any(seen)
    assert plain.data["key"] != mode.data["key"]
    assert plain.data["outcome"] == mode.data["outcome"]


def test_an_operation_without_a_deterministic_form_names_the_remedy() -> None:
    with (
        pytest.raises(RunError, match=r"put_ does not have a deterministic.*Use deterministic=False"),
        deterministic(RECIPE),
    ):
        torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))
    with pytest.raises(RuntimeError, match="something else"), deterministic(RECIPE):
        raise RuntimeError("something else")


def test_cuda_that_started_with_another_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(RunError, match=f"export {VARIABLE}={WORKSPACE}"), deterministic(RECIPE):
        pass
    monkeypatch.setenv(VARIABLE, WORKSPACE)
    with deterministic(RECIPE):
        assert torch.are_deterministic_algorithms_enabled()


def test_a_compiler_that_fails_is_named_with_the_remedy() -> None:
    def broken(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> None:
        raise OSError("no compiler here")

    double = torch.compile(lambda x: 2 * x, backend=broken)
    with (
        pytest.raises(RunError, match=r"no compiler here[\s\S]*g\+\+ on a CPU[\s\S]*compiled=False"),
        compiling(dataclasses.replace(PLAIN, compiled=True)),
    ):
        double(torch.ones(2))
