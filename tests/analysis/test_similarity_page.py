"""docs/similarity.md: its code runs, and what it says of values is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from analysis.similarity import independent_floor

PAGE = Path(__file__).resolve().parents[2] / "docs" / "similarity.md"


def test_the_code_of_the_page_runs_from_top_to_bottom() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert names["found"].mean > 0.9 > 0.2 > names["unrelated"].mean > 0.9 * names["found"].floor


def test_the_floors_that_the_page_states_are_right() -> None:
    assert "0.07 at 64 columns and 10,000 samples, 0.64 at n = 2p" in PAGE.read_text(encoding="utf-8")
    assert independent_floor(64, 64, 10_000) == pytest.approx(0.07, abs=0.005)
    assert independent_floor(256, 256, 512) == pytest.approx(0.64, abs=0.005)
