"""Collecting single files from pages that list them, as the National Library of Medicine publishes Montgomery."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from datamodules.montgomery import Montgomery
from datamodules.phantoms.phantom import ensure_phantom
from experiments.cli.command_line import main
from experiments.session.collecting import collect, listed
from specs.errors import DataError
from specs.expression import parse
from tests.publisher import Server, serving

ROW = "<tr><td><a href='{href}' class='x'>{href}</a></td><td class='size'>{size}</td><td>2020-01-01</td></tr>"
FILES = {"images/a.png": b"a" * 1000, "images/b c.png": b"b" * 2000, "read.me": b""}


def page(rows: dict[str, str]) -> bytes:
    return "<html><table>{}</table></html>".format(
        "".join(ROW.format(href=h, size=s) for h, s in rows.items())
    ).encode()


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(b"", monkeypatch) as address:
        yield address


@pytest.fixture
def index(address: str) -> str:
    """A folder with another in it, and links that lead elsewhere."""
    elsewhere = (
        "../index.html",
        "/",
        "https://example.org/x.png",
        "?C=N",
        "#top",
        "%2e%2e/x.png",
        "%2Fetc/x.png",
        "a/",
    )
    rows = dict.fromkeys(elsewhere, "-") | {"images/index.html": "-", "read.me": "0"}
    images = {"../index.html": "-", "a.png": "1000", "b%20c.png": "2000"}
    Server.files.update({"/set/index.html": page(rows), "/set/images/index.html": page(images)})
    Server.files.update({f"/set/{name.replace(' ', '%20')}": content for name, content in FILES.items()})
    return f"{address}/set/index.html"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def nothing(done: int, total: int | None) -> None:
    pass


def test_pages_are_read_with_their_folders_and_links_that_lead_elsewhere_are_left_alone(index: str) -> None:
    found = {str(file.path): file.size for file in listed(index)}
    assert found == {"images/a.png": 1000, "images/b c.png": 2000, "read.me": 0}


def test_all_files_come_and_their_digest_is_that_of_a_list_of_digests(index: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    digest = collect(index, tmp_path / "set", lambda done, total: told.append((done, total)))
    assert contents(tmp_path / "set") == FILES
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(FILES.items())]
    assert digest == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert told[-1] == (3000, 3000)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_what_came_before_a_fault_is_not_fetched_again(index: str, tmp_path: Path) -> None:
    lost = Server.files.pop("/set/images/b%20c.png")
    with pytest.raises(DataError, match=r"b%20c\.png answered 404"):
        collect(index, tmp_path / "set", nothing)
    assert not (tmp_path / "set").exists()
    Server.files["/set/images/b%20c.png"] = lost
    collect(index, tmp_path / "set", nothing)
    assert contents(tmp_path / "set") == FILES
    assert Server.paths.count("/set/images/a.png") == Server.paths.count("/set/read.me") == 1


def test_a_file_of_another_size_than_its_page_says_is_refused(index: str, tmp_path: Path) -> None:
    Server.files["/set/images/a.png"] = b"shorter"
    with pytest.raises(DataError, match=r"a\.png has 7 bytes, and the page that lists it says 1,000"):
        collect(index, tmp_path / "set", nothing)
    assert not (tmp_path / "set").exists()


def test_a_page_that_lists_nothing_or_is_not_there_is_told(address: str, tmp_path: Path) -> None:
    Server.files["/empty/index.html"] = page({"../index.html": "-"})
    with pytest.raises(DataError, match="lists no files"):
        listed(f"{address}/empty/index.html")
    with pytest.raises(DataError, match="answered 404"):
        listed(f"{address}/absent/index.html")


def test_a_listing_that_goes_on_forever_is_given_up(address: str) -> None:
    inner = "/deep/"
    for _ in range(200):
        Server.files[f"{inner}index.html"] = page({"in/index.html": "-", "a.png": "1"})
        inner += "in/"
    with pytest.raises(DataError, match="more than 100 folders"):
        listed(f"{address}/deep/index.html")


def test_montgomery_is_collected_by_the_command(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ensure_phantom(parse("montgomery"), tmp_path / "phantoms") / "MontgomerySet"
    base = "/sets/Montgomery-County-CXR-Set/MontgomerySet/"
    for inside in (path for path in [folder, *folder.rglob("*")] if path.is_dir()):
        place = base + "".join(f"{part}/" for part in inside.relative_to(folder).parts)
        rows = {
            f"{path.name}/index.html" if path.is_dir() else path.name: "-"
            if path.is_dir()
            else str(path.stat().st_size)
            for path in sorted(inside.iterdir())
        }
        Server.files[f"{place}index.html"] = page(rows)
        Server.files.update({place + path.name: path.read_bytes() for path in inside.iterdir() if path.is_file()})
    monkeypatch.setattr(Montgomery, "homepage", f"{address}/sets/index.html")
    monkeypatch.setattr(Montgomery, "published", {"images": 60})
    assert main(["fetch", "montgomery", "--data-root", str(tmp_path / "data")]) == 0
    printed = capsys.readouterr()
    assert "you accept its terms" in printed.err
    assert "was fetched" in printed.out
    assert contents(tmp_path / "data" / "montgomery" / "MontgomerySet") == contents(folder)
    asked = len(Server.paths)
    assert main(["fetch", "montgomery", "--data-root", str(tmp_path / "data")]) == 0
    assert "there is nothing to do" in capsys.readouterr().out
    assert len(Server.paths) == asked
