"""Downloading a published file: it resumes and retries, and leaves nothing under the file's name that is not whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError
from urllib3.util import Retry

from specs.errors import MedtransferError, WeightsError
from specs.files import filling

ATTEMPTS = 5
"""The number of attempts at a broken transfer; what has arrived is kept for the next time."""

BLOCK = 2**16
"""The number of bytes that are read at a time; a block that breaks off is not kept."""

TIMEOUT = urllib3.Timeout(connect=20, read=60)
AGAIN = Retry(
    total=ATTEMPTS, connect=3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False
)
"""The retries of a request. Without a network, its three attempts to connect take about three seconds."""

NO_WAY = (NewConnectionError, ConnectTimeoutError)
"""The errors that mean that there is no connection at all, as without a network or behind a firewall.

They are not tried again, since another attempt would only take as long once more.
"""

Report = Callable[[int, int | None], None]
"""A function that is told how many bytes have arrived, and of how many where the server says."""


def fetch(
    url: str,
    target: Path,
    report: Report = lambda done, total: None,
    *,
    accept: Callable[[Path], None] = lambda path: None,
    fault: type[MedtransferError] = WeightsError,
) -> None:
    """Download a file, which appears under its name once it is whole and accepted.

    The part that has arrived is kept as ``NAME.part`` with the server's tag of the version. The next call resumes from
    there if the server still has that version.

    Args:
        url: the address of the file.
        target: the path that the file is saved at.
        report: a function that is told how many bytes have arrived, and of how many where the server says.
        accept: a function that checks the whole file, under another name, and raises what is wrong with it; then
            nothing is kept.
        fault: the class of the error that says what went wrong.

    Raises:
        MedtransferError: of the class ``fault``, if the server cannot be reached, refuses, answers with a web page, or
            breaks off again and again.
        StorageError: if the disk is full; what has arrived is kept.
    """
    with filling(target):
        _fetch(url, target, report, accept, fault)


def _fetch(
    url: str, target: Path, report: Report, accept: Callable[[Path], None], fault: type[MedtransferError]
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part, tag = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.tag")
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between opening and locking, another process may have finished and renamed this very file to the target.
            if os.fstat(file.fileno()).st_ino != part.stat().st_ino:
                raise FileNotFoundError(part)
        except OSError as error:
            raise fault(f"another process is fetching {target.name} to {target.parent}. Wait for it.") from error
        with _nothing_left_of_nothing(part, tag), urllib3.PoolManager(timeout=TIMEOUT, retries=AGAIN) as pool:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    _transfer(pool, url, file, tag, report, fault)
                    break
                except (HTTPError, TimeoutError) as error:
                    by_hand = f"or fetch it by other means and put it at {target}"
                    if isinstance(error, MaxRetryError) and isinstance(error.reason, NO_WAY):
                        raise fault(
                            f"there is no way from here to {url} ({error.reason}). Look whether this machine has a "
                            f"network and try again, {by_hand}."
                        ) from error
                    if attempt == ATTEMPTS:
                        raise fault(
                            f"{url} broke off {ATTEMPTS} times ({error}). {file.tell()} bytes of it are kept; try "
                            f"again later, {by_hand}."
                        ) from error
        file.flush()
        os.fsync(file.fileno())
        try:
            accept(part)
        except MedtransferError:
            tag.unlink(missing_ok=True)
            part.unlink()
            raise
        os.replace(part, target)
        tag.unlink(missing_ok=True)


@contextmanager
def _nothing_left_of_nothing(part: Path, tag: Path) -> Iterator[None]:
    """Remove an empty part if the block fails, so that the folder does not look as if something had arrived."""
    try:
        yield
    except BaseException:
        if part.stat().st_size == 0:
            tag.unlink(missing_ok=True)
            part.unlink()
        raise


def _transfer(
    pool: urllib3.PoolManager,
    url: str,
    file: BufferedWriter,
    tag: Path,
    report: Report,
    fault: type[MedtransferError],
) -> None:
    """Make one request, and append what arrives to the file."""
    known = tag.read_text(encoding="utf-8") if tag.is_file() else ""
    if not known:
        file.truncate(0)  # without a tag it is unknown whether the rest would be of the same version
    start = file.seek(0, os.SEEK_END)
    headers = {"Range": f"bytes={start}-", "If-Range": known} if start else {}
    response = pool.request("GET", url, headers=headers | {"Accept-Encoding": "identity"}, preload_content=False)
    try:
        if response.status not in (200, 206):
            raise fault(f"{url} answered {response.status} {response.reason or ''}. Fetch the file by hand.")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise fault(f"{url} is a web page, not the file: a form or an error. Fetch the file by hand.")
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
