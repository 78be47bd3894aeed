"""docs/initializers.md says what the cards say."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.checks import initializer_page
from experiments.checks.initializer_page import main, page
from specs.registry import INITIALIZERS


def test_the_page_is_current() -> None:
    assert main(["--check"]) == 0


def test_a_stale_page_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(initializer_page, "PAGE", tmp_path / "initializers.md")
    assert main(["--check"]) == 1
    assert "make docs/initializers.md" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "initializers.md").write_text(page().replace("CC-BY-NC-4.0", "MIT", 1))
    assert main(["--check"]) == 1


def test_every_initializer_is_on_the_page() -> None:
    text = page()
    for entry in INITIALIZERS.entries.values():
        if entry.distribution == "medtransfer":
            assert f"`{entry.name}" in text
