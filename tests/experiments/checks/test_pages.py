"""The pages of docs that are made from the code say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.checks import pages
from experiments.checks.initializer_page import page
from experiments.checks.pages import main
from specs.registry import INITIALIZERS


def test_the_pages_are_current() -> None:
    assert main(["--check"]) == 0


def test_a_stale_page_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    assert main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "make pages" in said
    fidelity = [f"fidelity/{name}.md" for name in ("benchmark", "ssl", "supervised", "transfusion")]
    assert all(name in said for name in ("initializers.md", "entries.md", *fidelity))
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "initializers.md").write_text(page().replace("CC-BY-NC-4.0", "MIT", 1))
    capsys.readouterr()
    assert main(["--check"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("initializers.md ")


def test_every_initializer_is_on_the_page() -> None:
    text = page()
    for entry in INITIALIZERS.entries.values():
        if entry.distribution == "medtransfer":
            assert f"`{entry.name}" in text
