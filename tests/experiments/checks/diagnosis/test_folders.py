"""Folders: full, read-only, missing, far away, and on file systems that rename in their own way."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from experiments.checks.diagnosis.check_result import CheckResult
from experiments.checks.diagnosis.folders import GIB, Folder, NotAtomicError, file_system, folder, probed

Use = Literal["runs", "cache", "weights", "data"]


def disk(free: int = 50 * GIB, inodes: int = 1000) -> Callable[[Path], Any]:
    return lambda path: SimpleNamespace(f_frsize=4096, f_bavail=free // 4096, f_files=1000, f_favail=inodes)


def looked_at(path: Path, use: Use = "runs", **facts: Any) -> list[CheckResult]:
    return folder(Folder(f"--{use}", path, use), **{"statvfs": disk(), "kind": lambda place: "ext4"} | facts)


def test_a_folder_in_order_is_one_line_and_left_as_it_was(tmp_path: Path) -> None:
    (found,) = looked_at(tmp_path)
    assert (found.state, found.found) == ("ok", f"{tmp_path}: ext4, 50 GiB free")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    (found,) = looked_at(tmp_path / "a" / "b")
    assert found.state == "ok"
    assert f"made in {tmp_path}" in found.found
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("facts", "state", "words"),
    [
        ({"statvfs": disk(free=2**20)}, "problem", "1 MiB are free, the disk is full"),
        ({"statvfs": disk(free=2 * GIB)}, "warning", "2.0 GiB are free"),
        ({"statvfs": disk(inodes=0)}, "problem", "no inodes"),
        ({"probe": lambda place: 61.0}, "warning", "its clock is 61 s ahead of"),
        ({"probe": lambda place: -3600.0}, "warning", "its clock is 3600 s behind"),
        ({"probe": lambda place: 0.5}, "ok", "free"),
        ({"kind": lambda place: "nfs4"}, "warning", "nfs4, a network file system"),
        ({"kind": lambda place: "tmpfs"}, "warning", "tmpfs, in memory"),
    ],
)
def test_what_is_wrong_with_a_disk_is_said_with_the_option_that_names_another(
    facts: dict[str, Any], state: str, words: str, tmp_path: Path
) -> None:
    (found,) = looked_at(tmp_path, **facts)
    assert found.state == state
    assert words in found.found
    assert bool(found.remedy) == (state != "ok")


@pytest.mark.parametrize(("use", "state"), [("runs", "problem"), ("cache", "problem"), ("weights", "warning")])
def test_a_folder_that_cannot_be_written_to_is_a_problem_where_runs_must_write(
    use: Use, state: str, tmp_path: Path
) -> None:
    def refuse(place: Path) -> float:
        raise PermissionError(errno.EROFS, os.strerror(errno.EROFS), str(place))

    (found,) = looked_at(tmp_path, use, probe=refuse)
    assert found.state == state
    assert found.found == f"{tmp_path} cannot be written to (Read-only file system)"
    assert f"--{use}" in found.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_noticed(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert looked_at(tmp_path)[0].state == "problem"


def test_a_file_in_the_way_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (found,) = looked_at(tmp_path / "file")
    assert (found.state, found.found) == ("problem", f"{tmp_path / 'file'} is a file, not a folder")


def test_a_file_where_a_parent_should_be_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert looked_at(tmp_path / "file" / "runs")[0].state == "problem"


@pytest.mark.parametrize(("use", "state"), [("cache", "warning"), ("weights", "ok")])
def test_a_network_file_system_is_slow_for_images_and_good_enough_for_weights(
    use: Use, state: str, tmp_path: Path
) -> None:
    assert looked_at(tmp_path, use, kind=lambda place: "nfs")[0].state == state


def test_the_data_folder_is_only_read(tmp_path: Path) -> None:
    (found,) = looked_at(tmp_path / "absent", "data")
    assert (found.state, "phantom editions need none" in found.remedy) == ("warning", True)
    (tmp_path / "drive").mkdir()
    (found,) = looked_at(tmp_path, "data", probe=lambda place: pytest.fail("it was written to"))
    assert (found.state, found.found.split("; ")[0]) == ("ok", f"{tmp_path}: 1 folders")


def test_this_disk_renames_as_the_run_store_needs_it(tmp_path: Path) -> None:
    assert abs(probed(tmp_path)) < 2
    assert list(tmp_path.iterdir()) == []


def replacing(source: Path, target: Path) -> None:
    """A file system that lets one folder take the place of another that holds files."""
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)


def forgetting(source: Path, target: Path) -> None:
    """A file system on which a renamed folder is not seen."""


@pytest.mark.parametrize("rename", [replacing, forgetting])
def test_a_disk_that_renames_otherwise_is_found_out(rename: Callable[[Path, Path], None], tmp_path: Path) -> None:
    with pytest.raises(NotAtomicError):
        probed(tmp_path, rename)
    assert list(tmp_path.iterdir()) == []
    (found,) = looked_at(tmp_path, probe=lambda place: probed(place, rename))
    assert found.state == "problem"


def test_the_file_system_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path}/my\\040disk nfs4 rw 0 0\n")
    (tmp_path / "my disk" / "runs").mkdir(parents=True)
    assert file_system(tmp_path / "my disk" / "runs", mounts) == "nfs4"
    assert file_system(tmp_path, mounts) == "ext4"
    assert file_system(tmp_path, tmp_path / "absent") == ""
