"""Unpacking: what an archive of images is, and every other thing that a zip file can be."""

from __future__ import annotations

import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.files import archives
from datamodules.files.archives import unpack
from specs.errors import DataError, StorageError

IMAGES = {"Set/images/a.png": b"a" * 10, "Set/images/b.png": b"b" * 7, "Set/read me.txt": b"", "__MACOSX/Set/._a": b"x"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "set.zip"


def pack(archive: Path, content: dict[str, bytes], **settings: int) -> None:
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in content.items():
            info = zipfile.ZipInfo(name)
            for setting, value in settings.items():
                setattr(info, setting, value)
            file.writestr(info, data)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_folder_is_unpacked_and_what_is_beside_it_is_not(archive: Path, tmp_path: Path) -> None:
    pack(archive, {"Set/": b"", "Set/images/": b"", **IMAGES})
    told: list[tuple[int, int | None]] = []
    assert unpack(archive, "Set", tmp_path / "to" / "Set", lambda done, total: told.append((done, total))) == 3
    assert left(tmp_path / "to") == ["Set", "Set/images", "Set/images/a.png", "Set/images/b.png", "Set/read me.txt"]
    assert (tmp_path / "to" / "Set" / "images" / "b.png").read_bytes() == b"b" * 7
    assert told == [(10, 17), (17, 17)]


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        (["Set/../../out.png"], {}, "leads out of its folder"),
        (["/etc/out.png"], {}, "leads out of its folder"),
        (["Set/..\\out.png"], {}, "leads out of its folder"),
        (["__MACOSX/../../out.png"], {}, "leads out of its folder"),
        (["Set/link"], {"external_attr": (stat.S_IFLNK | 0o777) << 16}, "a link or device"),
        (["Set/pipe"], {"external_attr": (stat.S_IFIFO | 0o644) << 16}, "a link or device"),
        (["Set/a.png", "Set/./a.png"], {}, "in it twice"),
        (["Set/a", "Set/a/b.png"], {}, "cannot be unpacked"),
        (["Other/a.png"], {}, "no files in a folder Set; at its top there are __MACOSX, Other"),
        (["Set"], {}, "no files in a folder Set"),
        ([], {}, "no files in a folder Set; at its top there are __MACOSX"),
    ],
)
def test_what_an_archive_of_images_does_not_hold_is_refused_and_nothing_is_written(
    names: list[str], settings: dict[str, int], message: str, archive: Path, tmp_path: Path
) -> None:
    pack(archive, {"__MACOSX/x": b"", **dict.fromkeys(names, b"outside")}, **settings)
    with pytest.raises(DataError, match=message):
        unpack(archive, "Set", tmp_path / "to" / "Set")
    assert [name for name in left(tmp_path) if name not in ("set.zip", "to")] == []


def test_an_entry_that_is_in_it_twice_is_refused(archive: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(archive, "w") as file:
        warnings.simplefilter("ignore")
        file.writestr("Set/a.png", b"one")
        file.writestr("Set/a.png", b"another")
    with pytest.raises(DataError, match="in it twice"):
        unpack(archive, "Set", tmp_path / "to" / "Set")


def test_an_encrypted_file_is_refused(archive: Path, tmp_path: Path) -> None:
    pack(archive, IMAGES)
    content = bytearray(archive.read_bytes())
    flags = content.index(b"PK\x01\x02") + 8  # of the first entry of the central directory
    content[flags] |= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match="an encrypted file"):
        unpack(archive, "Set", tmp_path / "to" / "Set")


def test_a_bomb_is_refused_before_anything_is_written(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("Set/a.png", bytes(10_000_000))
    with pytest.raises(DataError, match=r"would unpack to 10,000,000, more than 20 times"):
        unpack(archive, "Set", tmp_path / "to" / "Set")
    assert not (tmp_path / "to").exists()


def test_a_bomb_that_lies_about_its_size_stops_at_what_it_said(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("Set/a.png", bytes(10_000_000))
    content = bytearray(archive.read_bytes())
    size = content.index(b"PK\x01\x02") + 24
    content[size : size + 4] = struct.pack("<I", 1000)
    archive.write_bytes(content)
    written: list[int] = []
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(archive, "Set", tmp_path / "to" / "Set", lambda done, total: written.append(done))
    assert max(written, default=0) <= 1000
    assert left(tmp_path / "to") == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"<html>",
        lambda data: data.replace(b"a" * 10, b"a" * 9 + b"b"),
    ],
    ids=["cut off", "another format", "a changed byte"],
)
def test_a_damaged_archive_leaves_nothing(damage: Callable[[bytes], bytes], archive: Path, tmp_path: Path) -> None:
    pack(archive, IMAGES)
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(DataError, match=r"set\.zip cannot be unpacked.*fetch it again"):
        unpack(archive, "Set", tmp_path / "Set")
    assert left(tmp_path) == ["set.zip"]


def test_a_disk_without_room_is_told_before_anything_is_written(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(archive, IMAGES)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 16}))
    with pytest.raises(StorageError, match="unpacks to 17 bytes, and its disk has 16 left"):
        unpack(archive, "Set", tmp_path / "Set")
    assert left(tmp_path) == ["set.zip"]


def test_an_interrupted_unpacking_leaves_nothing_and_a_killed_one_is_done_anew(archive: Path, tmp_path: Path) -> None:
    def interrupted(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    pack(archive, IMAGES)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, "Set", tmp_path / "Set", interrupted)
    assert left(tmp_path) == ["set.zip"]
    (tmp_path / ".Set.unpacking" / "images").mkdir(parents=True)
    (tmp_path / ".Set.unpacking" / "images" / "old.png").touch()
    unpack(archive, "Set", tmp_path / "Set")
    assert left(tmp_path / "Set") == ["images", "images/a.png", "images/b.png", "read me.txt"]
    assert not (tmp_path / ".Set.unpacking").exists()
