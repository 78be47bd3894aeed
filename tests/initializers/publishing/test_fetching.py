"""Fetching over loopback: whole files, broken ones that go on, servers that refuse, and two at once."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from initializers.publishing import fetching
from initializers.publishing.fetching import fetch
from specs.errors import StorageError, WeightsError

CONTENT = bytes(range(256)) * 40_000  # about 10 MB


class Server(BaseHTTPRequestHandler):
    """Serves ``CONTENT``; a test says what goes wrong."""

    tag: ClassVar[str] = '"one"'
    breaks: ClassVar[list[int]] = []
    status: ClassVar[list[int]] = []
    kind: ClassVar[str] = "application/octet-stream"
    asked: ClassVar[list[str]] = []
    pause: ClassVar[float] = 0.0

    def do_GET(self) -> None:
        cls = type(self)
        wanted = self.headers.get("Range", "")
        cls.asked.append(wanted)
        if cls.status:
            self.send_response(cls.status.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        if wanted and self.headers.get("If-Range") == cls.tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        else:
            self.send_response(200)
        rest = CONTENT[start:]
        self.send_header("Content-Type", cls.kind)
        self.send_header("Content-Length", str(len(rest)))
        if cls.tag:
            self.send_header("ETag", cls.tag)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the client may be gone on purpose
            sent = rest[: cls.breaks.pop(0)] if cls.breaks else rest
            for part in range(0, len(sent), 2**18):
                self.wfile.write(sent[part : part + 2**18])
                time.sleep(cls.pause)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(fetching, "AGAIN", fetching.AGAIN.new(backoff_factor=0))
    for name, value in (("tag", '"one"'), ("breaks", []), ("status", []), ("asked", [])):
        monkeypatch.setattr(Server, name, value)
    monkeypatch.setattr(Server, "kind", "application/octet-stream")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/weights.pth"
    server.shutdown()
    server.server_close()


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
