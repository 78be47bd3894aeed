"""Fetching over loopback: whole files, broken ones that go on, servers that refuse, and two at once."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError

from initializers.publishing import fetching
from initializers.publishing.fetching import fetch
from specs.errors import DataError, StorageError, WeightsError
from tests.publisher import Server, serving

CONTENT = bytes(range(256)) * 40_000  # about 10 MB


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(CONTENT, monkeypatch) as address:
        yield f"{address}/weights.pth"


def test_a_file_arrives_whole_and_alone_with_its_progress(url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    fetch(url, tmp_path / "new" / "weights.pth", lambda done, total: told.append((done, total)))
    assert (tmp_path / "new" / "weights.pth").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["weights.pth"]
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_broken_transfer_goes_on_where_it_stopped(url: str, tmp_path: Path) -> None:
    Server.breaks.extend([3_000_000, 2_000_000])
    fetch(url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert Server.asked[0] == ""
    assert all(asked.startswith("bytes=") for asked in Server.asked[1:])


def test_an_interrupted_program_goes_on_the_next_time(url: str, tmp_path: Path) -> None:
    def interrupted(done: int, total: int | None) -> None:
        if done > 4_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(url, tmp_path / "weights.pth", interrupted)
    assert not (tmp_path / "weights.pth").exists()
    fetch(url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert int(Server.asked[-1].removeprefix("bytes=").rstrip("-")) > 4_000_000


def test_another_version_on_the_server_is_fetched_from_its_beginning(url: str, tmp_path: Path) -> None:
    (tmp_path / "weights.pth.part").write_bytes(b"of an older version")
    (tmp_path / "weights.pth.part.tag").write_text('"zero"')
    fetch(url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_part_of_an_unknown_version_is_not_gone_on_with(url: str, tmp_path: Path) -> None:
    (tmp_path / "weights.pth.part").write_bytes(CONTENT[:100])
    fetch(url, tmp_path / "weights.pth")
    assert Server.asked == [""]
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int, url: str, tmp_path: Path) -> None:
    Server.status.extend([status] * fetching.ATTEMPTS)
    fetch(url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "message"), [(404, "answered 404"), (403, "answered 403"), (501, "answered 501")])
def test_a_refusal_is_told_and_leaves_no_file(status: int, message: str, url: str, tmp_path: Path) -> None:
    Server.status.append(status)
    with pytest.raises(WeightsError, match=message):
        fetch(url, tmp_path / "weights.pth")
    assert not (tmp_path / "weights.pth").exists()


def test_a_form_instead_of_the_file_is_told(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "kind", "text/html; charset=utf-8")
    with pytest.raises(WeightsError, match="is a web page"):
        fetch(url, tmp_path / "weights.pth")
    assert not (tmp_path / "weights.pth").exists()


def test_a_server_that_always_breaks_off_is_given_up_and_what_came_is_kept(url: str, tmp_path: Path) -> None:
    Server.breaks.extend([100_000] * 20)
    with pytest.raises(WeightsError, match=r"broke off 5 times.*bytes of it are kept"):
        fetch(url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth.part").stat().st_size == 5 * fetching.BLOCK


def test_a_full_disk_is_told_and_what_came_is_gone_on_from(url: str, tmp_path: Path) -> None:
    def full(done: int, total: int | None) -> None:
        if done > 4_000_000:
            raise OSError(errno.ENOSPC, "No space left on device")  # as the write before it would

    with pytest.raises(StorageError, match=r"weights\.pth could not be written: its disk is full"):
        fetch(url, tmp_path / "weights.pth", full)
    assert not (tmp_path / "weights.pth").exists()
    fetch(url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert int(Server.asked[-1].removeprefix("bytes=").rstrip("-")) > 4_000_000


def test_a_fetch_that_is_killed_again_and_again_ends_with_the_same_bytes(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By SIGKILL, wherever it is: from before the first byte to after the last."""
    chance, context, target = random.Random(0), multiprocessing.get_context("forkserver"), tmp_path / "weights.pth"
    context.set_forkserver_preload(["initializers.publishing.fetching"])
    monkeypatch.setattr(Server, "pause", 0.01)
    killed, longest = 0, 0.2
    while not target.exists():
        process = context.Process(target=fetch, args=(url, target))
        process.start()
        process.join(chance.uniform(0.0, longest))
        killed, longest = killed + process.is_alive(), 1.1 * longest
        process.kill()
        process.join()
        assert not target.exists() or target.read_bytes() == CONTENT
    assert killed >= 3
    fetch(url, target)
    assert target.read_bytes() == CONTENT


def test_without_a_way_to_the_server_it_is_said_at_once_and_nothing_is_left(url: str, tmp_path: Path) -> None:
    port = socket.create_server(("127.0.0.1", 0))
    closed = f"http://127.0.0.1:{port.getsockname()[1]}/weights.pth"
    port.close()
    with pytest.raises(WeightsError, match=r"there is no way from here to .*put it at .*weights\.pth"):
        fetch(closed, tmp_path / "weights.pth")
    assert not list(tmp_path.iterdir())


def test_a_wall_that_swallows_what_is_sent_is_no_way_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    def swallowed(pool: urllib3.PoolManager, method: str, url: str, **settings: object) -> None:
        attempts.append(url)
        raise MaxRetryError(None, url, ConnectTimeoutError("timed out"))  # type: ignore[arg-type]

    monkeypatch.setattr(urllib3.PoolManager, "request", swallowed)
    with pytest.raises(WeightsError, match=r"no way from here to http://192\.0\.2\.1/weights\.pth \(timed out"):
        fetch("http://192.0.2.1/weights.pth", tmp_path / "weights.pth")  # of TEST-NET-1, RFC 5737
    assert len(attempts) == 1


def test_a_file_that_is_not_accepted_leaves_nothing_and_is_fetched_from_its_beginning(url: str, tmp_path: Path) -> None:
    def refuse(path: Path) -> None:
        assert path.read_bytes() == CONTENT
        assert not (tmp_path / "weights.pth").exists()
        raise DataError("another file")

    with pytest.raises(DataError, match="another file"):
        fetch(url, tmp_path / "weights.pth", accept=refuse)
    assert not list(tmp_path.iterdir())
    fetch(url, tmp_path / "weights.pth")
    assert Server.asked == ["", ""]


def test_the_kind_of_error_is_the_callers(url: str, tmp_path: Path) -> None:
    Server.status.append(404)
    with pytest.raises(DataError, match="answered 404"):
        fetch(url, tmp_path / "weights.pth", fault=DataError)


def test_two_at_once_do_not_mix(url: str, tmp_path: Path) -> None:
    with (tmp_path / "weights.pth.part").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(WeightsError, match="another process is fetching"):
            fetch(url, tmp_path / "weights.pth")


def test_a_file_that_another_process_finished_between_opening_and_locking_is_left_alone(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "weights.pth"
    real = fcntl.flock

    def finished_meanwhile(file: object, kind: int) -> None:
        (tmp_path / "weights.pth.part").write_bytes(b"whole")
        (tmp_path / "weights.pth.part").rename(target)
        (tmp_path / "weights.pth.part").touch()
        real(file, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", finished_meanwhile)
    with pytest.raises(WeightsError, match="another process is fetching"):
        fetch(url, target)
    assert target.read_bytes() == b"whole"
