"""A line before anything is fetched: its name, from which host, how large, and under which licence."""

from __future__ import annotations

from urllib.parse import urlsplit

from experiments.session.context import Say
from initializers.publishing.fetching import Report


def announcing(name: str, url: str, terms: str, say: Say, report: Report) -> Report:
    """A report of fetched bytes that first announces the file, after the server's answer and before the first bytes.

    Args:
        name: the name of the file or folder that is fetched.
        url: the address that it is fetched from.
        terms: the licence, and the page that states it.
        say: a function that is told the announcement, one sentence.
        report: a function that is told how many bytes have come, and of how many; None if the size is not known.
    """
    said = False

    def first_say(done: int, total: int | None) -> None:
        nonlocal said
        if not said:
            size = "size unknown" if total is None else size_in_words(total)
            say(f"fetching {name} from {host_of(url)}: {size}, {terms}; by fetching it you accept its terms.")
            said = True
        report(done, total)

    return first_say


def host_of(url: str) -> str:
    """The host of an address, with its port if the address states one."""
    return urlsplit(url).netloc


def size_in_words(size: int) -> str:
    """A number of bytes in words, in the largest unit of which it is at least one, such as ``3.6 GB``."""
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= power:
            return f"{size / power:.1f} {unit}"
    return f"{size} bytes"
