"""The code of docs/python.md that stands for itself is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import PROJECT


def test_the_modules_are_trained_tested_and_used_under_a_trainer_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (PROJECT / "docs" / "python.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page.partition("## Under a Trainer")[2], re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for variable in ("MEDTRANSFER_DATA", "MEDTRANSFER_RUNS", "MEDTRANSFER_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    names: dict[str, Any] = {}
    exec(code, names)
    assert set(names["scores"]) == {"test_auroc"} and 0 <= names["scores"]["test_auroc"] <= 1
    assert names["probabilities"].shape == (len(names["data"].index_of("test")), 1)
    assert torch.all((names["probabilities"] >= 0) & (names["probabilities"] <= 1))
