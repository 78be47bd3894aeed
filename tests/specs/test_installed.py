"""Entry points: found wherever the standard library finds them, and without it where there are none."""

from __future__ import annotations

import importlib.metadata
import sys
import zipfile
from pathlib import Path

import pytest

from specs.installed import entry_points

GROUP = "medtransfer.test_installed"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the search path."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The groups that the standard library is asked for."""
    groups: list[str] = []
    real = importlib.metadata.entry_points

    def noted(*, group: str) -> importlib.metadata.EntryPoints:
        groups.append(group)
        return real(group=group)

    monkeypatch.setattr(importlib.metadata, "entry_points", noted)
    return groups


def install(folder: Path, kind: str, heading: str) -> None:
    info = folder / f"theirs-1.0.{kind}"
    info.mkdir()
    (info / ("METADATA" if kind == "dist-info" else "PKG-INFO")).write_text("Metadata-Version: 2.1\nName: theirs\n")
    (info / "entry_points.txt").write_text(f"[{heading}]\nred = theirs:Red\n")


@pytest.mark.parametrize("kind", ["dist-info", "egg-info"])
def test_what_is_installed_is_found_even_after_a_first_look(kind: str, folder: Path) -> None:
    assert list(entry_points(GROUP)) == []
    install(folder, kind, GROUP)
    assert [(point.name, point.value) for point in entry_points(GROUP)] == [("red", "theirs:Red")]


def test_where_no_distribution_has_a_group_of_ours_the_standard_library_is_not_asked(
    folder: Path, asked: list[str]
) -> None:
    install(folder, "dist-info", "console_scripts")
    (folder / "bare-1.0.dist-info").mkdir()
    sys.path.extend([str(folder / "absent"), ""])
    assert list(entry_points(GROUP)) == []
    assert asked == []


def test_a_distribution_in_a_zip_file_is_found(folder: Path) -> None:
    with zipfile.ZipFile(folder / "theirs.zip", "w") as archive:
        archive.writestr("theirs-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: theirs\n")
        archive.writestr("theirs-1.0.dist-info/entry_points.txt", f"[{GROUP}]\nred = theirs:Red\n")
    sys.path.append(str(folder / "theirs.zip"))
    assert [point.name for point in entry_points(GROUP)] == ["red"]


def test_another_finder_that_knows_distributions_has_the_standard_library_asked(
    folder: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        def find_spec(self, *arguments: object) -> None:
            return None

        def find_distributions(self, context: object) -> list[importlib.metadata.Distribution]:
            return []

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert list(entry_points(GROUP)) == []
    assert asked == [GROUP]
