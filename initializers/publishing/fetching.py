"""Fetching a published file: with resume, retries, and nothing left behind that is not whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from io import BufferedWriter
from pathlib import Path

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from specs.errors import WeightsError
from specs.files import filling

ATTEMPTS = 5
"""How often a broken transfer goes on before it is given up; what has come stays for the next time."""

BLOCK = 2**16
"""Bytes that are read at a time; of a block that breaks off nothing is kept."""

TIMEOUT = urllib3.Timeout(connect=20, read=60)
AGAIN = Retry(total=ATTEMPTS, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)


def fetch(url: str, target: Path, report: Callable[[int, int | None], None] = lambda done, total: None) -> None:
    """Download a file; it appears under its name once it is whole.

    What has come of it is kept as ``NAME.part`` with the server's tag of the version, and the next call goes on from
    there if the server still has that version.

    Args:
        url: of the file.
        target: where it goes.
        report: told how many bytes have come, of how many where the server says.

    Raises:
        WeightsError: if the server refuses, answers with a web page, or breaks off again and again.
        StorageError: if the disk is full; what has come is kept.
    """
    with filling(target):
        _fetch(url, target, report)


def _fetch(url: str, target: Path, report: Callable[[int, int | None], None]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part, tag = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.tag")
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between opening and locking, another process may have finished and renamed this very file to the target.
            if os.fstat(file.fileno()).st_ino != part.stat().st_ino:
                raise FileNotFoundError(part)
        except OSError as error:
            raise WeightsError(f"another process is fetching {target.name} to {target.parent}. Wait for it.") from error
        with urllib3.PoolManager(timeout=TIMEOUT, retries=AGAIN) as pool:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    _transfer(pool, url, file, tag, report)
                    break
                except (HTTPError, TimeoutError) as error:
                    if attempt == ATTEMPTS:
                        raise WeightsError(
                            f"{url} broke off {ATTEMPTS} times ({error}). {file.tell()} bytes of it are kept; try "
                            f"again later, or fetch it by other means and put it at {target}."
                        ) from error
        file.flush()
        os.fsync(file.fileno())
        os.replace(part, target)
        tag.unlink(missing_ok=True)


def _transfer(
    pool: urllib3.PoolManager, url: str, file: BufferedWriter, tag: Path, report: Callable[[int, int | None], None]
) -> None:
    """One request; appends what comes."""
    known = tag.read_text(encoding="utf-8") if tag.is_file() else ""
    if not known:
        file.truncate(0)  # without a tag nobody knows whether the rest would be of the same version
    start = file.seek(0, os.SEEK_END)
    headers = {"Range": f"bytes={start}-", "If-Range": known} if start else {}
    response = pool.request("GET", url, headers=headers | {"Accept-Encoding": "identity"}, preload_content=False)
    try:
        if response.status not in (200, 206):
            raise WeightsError(f"{url} answered {response.status} {response.reason or ''}. Fetch the file by hand.")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise WeightsError(f"{url} is a web page, not the file: a form or an error. Fetch the file by hand.")
        if response.status == 200 and start:
            file.truncate(0)
            start = file.seek(0)
        new = response.headers.get("ETag", "")
        if new and not new.startswith("W/"):
            tag.write_text(new, encoding="utf-8")
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        report(start, total)
        for block in response.stream(BLOCK):
            file.write(block)
            report(file.tell(), total)
    finally:
        file.flush()
        response.close()
