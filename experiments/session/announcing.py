"""One line before anything comes from outside: what, from which host, how large, under which licence."""

from __future__ import annotations

from urllib.parse import urlsplit

from experiments.session.context import Say
from initializers.publishing.fetching import Report


def announcing(name: str, url: str, terms: str, say: Say, report: Report) -> Report:
    """A report of bytes that first says what is coming, once the server has answered and before any of it comes.

    Args:
        name: of the file or folder.
        url: that gives it.
        terms: its licence, and where it stands.
        say: told the line.
        report: told how many bytes have come, of how many where that is known.
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
    """The server that an address names, with its port where it says one."""
    return urlsplit(url).netloc


def size_in_words(size: int) -> str:
    """A number of bytes in the largest unit of which it has one, such as ``3.6 GB``."""
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= power:
            return f"{size / power:.1f} {unit}"
    return f"{size} bytes"
