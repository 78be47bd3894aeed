"""`medtransfer fetch` as a user drives it, from a publisher's server on this machine."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from datamodules import medmnist
from datamodules.dataset.open_file import OpenFile
from datamodules.medmnist import MedMNIST
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.shenzhen import Shenzhen
from experiments.cli.command_line import main
from experiments.session import fetching
from specs.expression import parse
from specs.registry import DATASETS
from tests.publisher import Server, serving

PNEUMONIA = 'medmnist("pneumoniamnist")'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEDTRANSFER_DATA", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where phantom editions are, which no test changes."""
    return tmp_path_factory.mktemp("phantoms")


@pytest.fixture
def npz(home: Path, drawn: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """A MedMNIST file that its publishers serve, with its md5."""
    content = (ensure_phantom(parse(PNEUMONIA), drawn) / "pneumoniamnist.npz").read_bytes()
    monkeypatch.setitem(medmnist.MD5["pneumoniamnist"], 28, hashlib.md5(content).hexdigest())
    with serving(content, monkeypatch) as address:
        monkeypatch.setattr(MedMNIST, "homepage", f"{address}/records/1")
        yield content


@pytest.fixture
def chests(home: Path, drawn: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder as the Shenzhen archive has one, which its publishers serve, without a checksum; 120 images."""
    folder = ensure_phantom(parse("shenzhen"), drawn)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((folder / "ChinaSet_AllFiles").rglob("*")):
            archive.write(path, path.relative_to(folder))
        archive.writestr("__MACOSX/._ChinaSet_AllFiles", b"left by a file manager")
    with serving(packed.getvalue(), monkeypatch) as address:
        file = OpenFile("ChinaSet_AllFiles.zip", f"{address}/ChinaSet_AllFiles.zip", "free", folder="ChinaSet_AllFiles")
        monkeypatch.setattr(Shenzhen, "open_files", (file,))
        monkeypatch.setattr(Shenzhen, "published", {"images": 120})
        yield folder / "ChinaSet_AllFiles"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


def test_a_file_comes_with_its_licence_and_is_there_the_next_time(
    npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", PNEUMONIA, "--data-root", "mine"]) == 0
    printed = capsys.readouterr()
    assert "CC BY 4.0" in printed.err
    assert "you accept its terms" in printed.err
    assert "its md5 is the published one" in printed.out
    assert hashlib.sha256(npz).hexdigest() in printed.out
    assert Server.paths == ["/records/1/files/pneumoniamnist.npz?download=1"]
    assert (home / "mine" / "medmnist" / "pneumoniamnist.npz").read_bytes() == npz
    assert files(home / "mine") == ["medmnist/FETCHED.json", "medmnist/pneumoniamnist.npz"]
    assert main(["check", PNEUMONIA, "--data-root", "mine"]) == 0
    capsys.readouterr()
    assert main(["fetch", PNEUMONIA, "--data-root", "mine"]) == 0
    assert "there is nothing to do" in capsys.readouterr().out
    assert len(Server.paths) == 1


def test_what_was_fetched_is_plain_data_for_programs(npz: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", PNEUMONIA, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    (file,) = found["files"]
    assert (file["state"], file["licence"], file["name"]) == ("fetched", "CC BY 4.0", "pneumoniamnist.npz")
    assert file["published_md5"] == hashlib.md5(npz).hexdigest()
    record = json.loads(Path(found["root"], "FETCHED.json").read_text())["pneumoniamnist.npz"]
    assert record["sha256"] == file["sha256"] == hashlib.sha256(npz).hexdigest()


def test_a_dry_run_says_what_and_where_and_does_nothing(
    npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", PNEUMONIA, "--dry-run"]) == 0
    output = capsys.readouterr().out
    assert all(part in output for part in ("would fetch http://", "CC BY 4.0", str(home / "data" / "medmnist")))
    assert not (home / "data").exists()
    assert not Server.asked


def test_a_connection_that_is_cut_goes_on_where_it_was(npz: bytes, home: Path) -> None:
    Server.breaks.extend([200_000])
    assert main(["fetch", PNEUMONIA]) == 0
    assert [bool(asked) for asked in Server.asked] == [False, True]
    assert (home / "data" / "medmnist" / "pneumoniamnist.npz").read_bytes() == npz


def test_a_part_that_came_is_told_by_the_list(npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "datasets"]) == 0
    assert "medmnist; `medtransfer fetch medmnist` gets them" in capsys.readouterr().out
    Server.breaks.extend([200_000] + [0] * 20)
    assert main(["fetch", PNEUMONIA]) == 3
    assert "bytes of it are kept; try again later" in capsys.readouterr().err
    assert main(["list", "datasets"]) == 0
    assert (
        f"a part of it in {home / 'data' / 'medmnist'}; `medtransfer fetch medmnist` goes on" in capsys.readouterr().out
    )
    del Server.breaks[:]
    assert main(["fetch", PNEUMONIA]) == 0
    assert (home / "data" / "medmnist" / "pneumoniamnist.npz").read_bytes() == npz


def test_a_part_of_another_version_is_not_gone_on_with(npz: bytes, home: Path) -> None:
    folder = home / "data" / "medmnist"
    folder.mkdir(parents=True)
    (folder / "pneumoniamnist.npz.part").write_bytes(b"of an older version")
    (folder / "pneumoniamnist.npz.part.tag").write_text('"older"')
    assert main(["fetch", PNEUMONIA]) == 0
    assert (folder / "pneumoniamnist.npz").read_bytes() == npz


def test_another_file_than_the_published_one_is_told_and_not_kept(
    npz: bytes, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "content", npz[:-1] + b"x")
    assert main(["fetch", PNEUMONIA]) == 3
    printed = capsys.readouterr().err
    assert f"expected {hashlib.md5(npz).hexdigest()}" in printed
    assert hashlib.md5(npz[:-1] + b"x").hexdigest() in printed
    assert not (home / "data" / "medmnist").exists()


def test_a_users_other_file_is_never_replaced(npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = home / "data" / "medmnist" / "pneumoniamnist.npz"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"my own selection")
    assert main(["fetch", PNEUMONIA]) == 3
    assert "was left as it is; move it away" in capsys.readouterr().err
    assert (mine.read_bytes(), Server.asked) == (b"my own selection", [])
    mine.write_bytes(npz)
    assert main(["fetch", PNEUMONIA]) == 0
    assert "its md5 is the published one" in capsys.readouterr().out


def test_a_file_that_changed_after_it_was_fetched_is_told(
    npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", PNEUMONIA]) == 0
    path = home / "data" / "medmnist" / "pneumoniamnist.npz"
    path.write_bytes(npz[::-1])
    os.utime(path, ns=(1, 1))
    assert main(["fetch", PNEUMONIA]) == 3
    assert "damaged or another version" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [(404, "", "answered 404"), (403, "", "answered 403"), (None, "text/html", "is a web page, not the file")],
)
def test_a_server_that_has_not_the_file_is_told(
    status: int | None, kind: str, message: str, npz: bytes, home: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if status:
        Server.status.append(status)
    monkeypatch.setattr(Server, "kind", kind)
    assert main(["fetch", PNEUMONIA]) == 3
    assert message in capsys.readouterr().err
    assert not (home / "data" / "medmnist").exists()


def test_without_a_network_it_is_said_where_the_file_goes_by_other_means(
    npz: bytes, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MedMNIST, "homepage", "http://127.0.0.1:9/records/1")  # the port of the discard protocol
    assert main(["fetch", PNEUMONIA]) == 3
    printed = capsys.readouterr().err
    assert "there is no way from here to http://127.0.0.1:9/" in printed
    assert str(home / "data" / "medmnist" / "pneumoniamnist.npz") in printed


def test_a_full_disk_is_told_before_anything_comes(
    npz: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    assert main(["fetch", PNEUMONIA]) == 6
    assert f"{len(npz):,} bytes to come, and the disk of" in capsys.readouterr().err


def test_another_process_at_the_same_folder_is_waited_for(
    npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "data" / "medmnist"
    folder.mkdir(parents=True)
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert main(["fetch", PNEUMONIA]) == 3
    assert "another process is fetching" in capsys.readouterr().err
    os.close(other)
    assert main(["fetch", PNEUMONIA]) == 0


def test_a_record_that_is_damaged_is_told(npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", PNEUMONIA]) == 0
    (home / "data" / "medmnist" / "FETCHED.json").write_text("{")
    assert main(["fetch", PNEUMONIA]) == 3
    assert "is not a record of fetched files" in capsys.readouterr().err


def test_an_archive_is_unpacked_where_the_dataset_looks_and_then_removed(
    chests: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "shenzhen"]) == 0
    assert "no checksum of it is published; its size is the one that the server said" in capsys.readouterr().out
    root = home / "data" / "shenzhen"
    assert contents(root / "ChinaSet_AllFiles") == contents(chests)
    assert sorted(path.name for path in root.iterdir()) == ["ChinaSet_AllFiles", "FETCHED.json"]
    record = json.loads((root / "FETCHED.json").read_text())["ChinaSet_AllFiles.zip"]
    assert (record["md5"], record["sha256"]) == (None, hashlib.sha256(Server.content).hexdigest())
    assert main(["check", "shenzhen"]) == 0
    assert main(["fetch", "shenzhen"]) == 0
    assert "there is nothing to do" in capsys.readouterr().out
    assert len(Server.asked) == 1


def test_an_archive_that_was_put_there_by_hand_is_unpacked_and_kept(chests: Path, home: Path) -> None:
    root = home / "data" / "shenzhen"
    root.mkdir(parents=True)
    (root / "ChinaSet_AllFiles.zip").write_bytes(Server.content)
    assert main(["fetch", "shenzhen"]) == 0
    assert contents(root / "ChinaSet_AllFiles") == contents(chests)
    assert (root / "ChinaSet_AllFiles.zip").is_file()
    assert not Server.asked


def test_a_dataset_that_was_put_there_by_hand_is_left_alone(
    chests: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(chests, home / "data" / "shenzhen" / "ChinaSet_AllFiles")
    assert main(["fetch", "shenzhen"]) == 0
    assert "there is nothing to do" in capsys.readouterr().out
    assert not Server.asked


def test_an_incomplete_folder_is_told_and_left_alone(
    chests: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = home / "data" / "shenzhen" / "ChinaSet_AllFiles"
    shutil.copytree(chests, mine)
    (mine / "CXR_png" / "CHNCXR_0007_1.png").unlink()
    for options in ([], ["--dry-run"]):
        assert main(["fetch", "shenzhen", *options]) == 3
        assert "not complete: it has 119 of 120 images" in capsys.readouterr().err
    assert not Server.asked


def test_an_archive_with_other_content_is_told(
    chests: Path, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shenzhen, "published", {"images": 662})
    assert main(["fetch", "shenzhen"]) == 3
    assert "is not the dataset that was expected: it has 120 of 662 images" in capsys.readouterr().err


def test_what_must_be_fetched_by_hand_is_said_and_the_rest_has_its_turn(
    npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "aptos2019", PNEUMONIA]) == 3
    printed = capsys.readouterr()
    for part in ("Kaggle", DATASETS.get("aptos2019").homepage, str(home / "data" / "aptos2019"), "train_images/"):  # type: ignore[attr-defined]
        assert part in printed.err
    assert "pneumoniamnist.npz was fetched" in printed.out


def test_a_dataset_that_must_be_fetched_by_hand_and_is_there_needs_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ensure_phantom(parse("drive"), home / "phantoms"), home / "data" / "drive")
    assert main(["fetch", "drive"]) == 0
    assert "there is nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["fractals"], 3, "made by a formula"),
        (["medmnits"], 2, 'Did you mean "medmnist"?'),
        (['medmnist("pneumonia")'], 2, "pneumoniamnist"),
        (['medmnist(size=29)'], 2, "28 or 64 or 128 or 224"),
        ([], 2, "EXPR"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_what_was_expected(
    arguments: list[str], status: int, message: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", *arguments]) == status
    assert message in capsys.readouterr().err
    assert not (home / "data").exists()


def test_a_data_root_that_cannot_be_written_is_told(npz: bytes, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "taken").write_text("a file")
    assert main(["fetch", PNEUMONIA, "--data-root", "taken"]) == 2
    assert "taken is a file, where a folder is expected" in capsys.readouterr().err
