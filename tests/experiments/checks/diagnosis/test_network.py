"""Servers over loopback alone: one that answers, one that refuses, one that is silent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from experiments.checks.diagnosis.network import network, servers


class Forbidding(BaseHTTPRequestHandler):
    """Refuses every request, which is an answer."""

    def do_HEAD(self) -> None:
        self.send_response(403)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Forbidding)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def test_any_answer_is_a_network(answering: str) -> None:
    found = network([answering])
    assert (found.state, found.found) == ("ok", "all 1 servers of published weights answer")


def test_without_a_network_only_fetching_does_not_work(closed: str, silent: str) -> None:
    began = time.monotonic()
    found = network([closed, silent], timeout=0.3)
    assert time.monotonic() - began < 3
    assert found.state == "warning"
    assert found.found.startswith("none: `medtransfer weights fetch` cannot work; all else does")


def test_the_servers_that_do_not_answer_are_named(answering: str, closed: str) -> None:
    found = network([answering, closed])
    assert found.state == "warning"
    assert found.found == f"no answer from {closed.removeprefix('http://')}"


def test_the_servers_are_those_of_the_published_files() -> None:
    found = servers()
    assert len(found) == len(set(found)) > 1
    assert "https://dl.fbaipublicfiles.com" in found
    assert all(server.startswith("https://") and server.count("/") == 2 for server in found)
