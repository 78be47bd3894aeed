"""Fetching a folder that is published as single files, with the help of web pages that list them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from initializers.publishing.fetching import AGAIN, TIMEOUT, fetch
from specs.errors import DataError
from specs.files import file_sha256

MOST_PAGES = 100
"""The most pages of one listing that are read; a longer listing most likely links back to itself."""

PAGE_BYTES = 2**24
"""The largest size of a page, in bytes."""


class ListedFile(NamedTuple):
    """A file that a page lists.

    Attributes:
        url: the address that the file is fetched from.
        path: the path of the file, relative to the listed folder.
        size: the size of the file, in bytes; None if the page does not state it.
    """

    url: str
    path: PurePosixPath
    size: int | None


def collect(index: str, target: Path, report: Callable[[int, int | None], None]) -> str:
    """Fetch every file of a listed folder; the folder appears under its name once all of its files are there.

    Until then the files are kept in a hidden folder beside it, and the next call goes on from there.

    Args:
        index: the address of the page that lists the folder, with links to pages of its subfolders.
        target: the path that the folder gets; it must not exist.
        report: a function that is told how many bytes have come, and of how many; None if a size is not known.

    Returns:
        The sha256 of the lines ``sha256  path`` of all files, in the order of their paths.

    Raises:
        DataError: if a page or file cannot be fetched, or a file has another size than its page states.
        StorageError: if the disk is full; files that have come are kept.
    """
    files = listed(index)
    part = target.with_name(f".{target.name}.part")
    sizes = [file.size for file in files]
    total = sum(size for size in sizes if size is not None) if None not in sizes else None
    done = 0
    for file in files:
        path = part / file.path
        if not (path.is_file() and file.size in (None, path.stat().st_size)):
            before = done
            fetch(
                file.url, path, lambda come, _, before=before: report(before + come, total),  # type: ignore[misc]
                accept=lambda come, file=file: _check_size(come, file), fault=DataError,  # type: ignore[misc]
            )  # fmt: skip
        done += path.stat().st_size
        report(done, total)
    expected = {part / file.path for file in files}
    for path in part.rglob("*"):  # an earlier listing may have had other files
        if path.is_file() and path not in expected:
            path.unlink()
    lines = [f"{file_sha256(part / file.path)}  {file.path}\n" for file in sorted(files, key=lambda file: file.path)]
    shutil.move(part, target)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def listed(index: str) -> list[ListedFile]:
    """The files that a page and the pages of its subfolders list; links that lead out of the folder are ignored.

    Raises:
        DataError: if a page cannot be read, or there are no files.
    """
    start = urljoin(index, ".")
    waiting, seen, files = [index], {index}, dict[str, ListedFile]()
    with urllib3.PoolManager(timeout=TIMEOUT, retries=AGAIN) as pool:
        while waiting:
            page = waiting.pop()
            for href, size in _links(pool, page):
                url = urljoin(page, href)
                if (path := _inside(url, start)) is None:
                    continue
                if path.name != "index.html":
                    files[url] = ListedFile(url, path, size)
                elif url not in seen:
                    seen.add(url)
                    waiting.append(url)
            if len(seen) > MOST_PAGES:
                raise DataError(f"{index} lists more than {MOST_PAGES} folders, as one folder of images does not.")
    if not files:
        raise DataError(f"{index} lists no files. Its publishers changed it; fetch the files by hand.")
    return list(files.values())


def _inside(url: str, start: str) -> PurePosixPath | None:
    """The path of a link's target relative to a folder's address; None if it is outside the folder or no file."""
    if not url.startswith(start) or urlsplit(url).query or urlsplit(url).fragment:
        return None
    name = unquote(url.removeprefix(start))
    path = PurePosixPath(name)
    wrong = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or name.endswith("/")
    return None if wrong or not path.parts else path


def _check_size(path: Path, file: ListedFile) -> None:
    found = path.stat().st_size
    if file.size is not None and found != file.size:
        raise DataError(
            f"{file.url} has {found:,} bytes, and the page that lists it says {file.size:,}. Try again later."
        )


def _links(pool: urllib3.PoolManager, url: str) -> list[tuple[str, int | None]]:
    """The links of a page, each with the size in bytes that stands beside it; None if there is none."""
    try:
        response = pool.request("GET", url, preload_content=False)
        content = response.read(PAGE_BYTES + 1)
        response.release_conn()
    except HTTPError as error:
        raise DataError(f"there is no way from here to {url} ({error}). Try again where there is a network.") from error
    if response.status != 200 or len(content) > PAGE_BYTES:
        raise DataError(f"{url} answered {response.status} {response.reason or ''}. Fetch the files by hand.")
    reader = _Reader()
    reader.feed(content.decode("utf-8", errors="replace"))
    return reader.links


class _Reader(HTMLParser):
    """Reads the links of an HTML page, each with the whole number in the text after it, which is its size in bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, int | None]] = []
        self._in_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.links.append((href, None))
            self._in_link = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._in_link = False

    def handle_data(self, data: str) -> None:
        if self.links and not self._in_link and data.strip().isdecimal() and self.links[-1][1] is None:
            self.links[-1] = (self.links[-1][0], int(data.strip()))
