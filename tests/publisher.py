"""A publisher's server on this machine: gives one file, breaks off, refuses or dawdles as a test says."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from initializers.publishing import fetching


class Server(BaseHTTPRequestHandler):
    """Gives ``content`` under every path, or ``files`` by theirs where there are any; a test says what goes wrong."""

    content: ClassVar[bytes] = b""
    files: ClassVar[dict[str, bytes]] = {}
    tag: ClassVar[str] = '"one"'
    breaks: ClassVar[list[int]] = []
    status: ClassVar[list[int]] = []
    kind: ClassVar[str] = "application/octet-stream"
    asked: ClassVar[list[str]] = []
    paths: ClassVar[list[str]] = []
    pause: ClassVar[float] = 0.0

    def do_GET(self) -> None:
        cls = type(self)
        wanted = self.headers.get("Range", "")
        cls.asked.append(wanted)
        cls.paths.append(self.path)
        if cls.status:
            self.send_response(cls.status.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = cls.files.get(self.path, cls.content)
        if cls.files and self.path not in cls.files:
            self.send_error(404)
            return
        start = 0
        if wanted and self.headers.get("If-Range") == cls.tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        rest = content[start:]
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


@contextlib.contextmanager
def serving(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server with some content, behaving well until a test says otherwise; gives its address."""
    monkeypatch.setattr(fetching, "AGAIN", fetching.AGAIN.new(backoff_factor=0))
    for name, value in (("content", content), ("tag", '"one"'), ("kind", "application/octet-stream"), ("pause", 0.0)):
        monkeypatch.setattr(Server, name, value)
    for name in ("breaks", "status", "asked", "paths"):
        monkeypatch.setattr(Server, name, [])
    monkeypatch.setattr(Server, "files", {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
