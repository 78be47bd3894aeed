"""Text from outside, made fit for messages: short, on one line, and without characters that steer a terminal."""

from __future__ import annotations

import unicodedata

LONGEST_PATH = 4096
"""How many characters of a path are shown: all of it, so that it can be found (PATH_MAX of Linux)."""

LONGEST = 80
"""How many characters of a quoted text or value are shown, at most."""

EXPRESSION = 240
"""How many characters of a quoted expression are shown, at most: more, since the mistake may be anywhere in it."""

SPOKEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode's categories of characters that are invisible or change how others are shown: controls such as escape,
formats such as those that turn the direction of writing, halves of pairs, private and unassigned ones, line and
paragraph separators (https://www.unicode.org/reports/tr44/#General_Category_Values)."""


def plain(text: object, longest: int = LONGEST) -> str:
    """A text from a file, made fit for a message: on one line, short, without characters that steer a terminal.

    Args:
        text: a name, or anything else that is shown as its ``str`` is.
        longest: how many characters are shown, at most; the middle of a longer text is left out, since both ends tell
            names apart.
    """
    whole = text if isinstance(text, str) else str(text)
    if len(whole) > longest:
        half = (longest - 3) // 2
        whole = f"{whole[:half]}...{whole[len(whole) - half :]}"
    return "".join(_spelled(character) for character in whole)


def several_lines(text: str) -> str:
    """A whole message of several lines, with characters that steer a terminal spelled out."""
    return "\n".join("".join(map(_spelled, line)) for line in text.split("\n"))


def names(found: object, most: int = 8, longest: int = LONGEST) -> str:
    """The first of some names from a file, as a list in words; ``nothing`` where there are none.

    Args:
        found: an iterable of names; it is read to its end.
        most: how many names are shown; of the others only the number is said.
        longest: how many characters of each name are shown, at most.
    """
    listed = list(found)  # type: ignore[call-overload]
    shown = ", ".join(plain(one, longest) for one in listed[:most])
    return (shown or "nothing") + (f" and {len(listed) - most:,} more" if len(listed) > most else "")


def shown(value: object, longest: int = LONGEST) -> str:
    """A value as Python writes it (texts in quotation marks), made fit for a message.

    A whole number of very many digits is not written out: Python refuses to
    (https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation).
    """
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        text = f"<{type(value).__name__}, too large to show>"
    return plain(text, longest)


def _spelled(character: str) -> str:
    if unicodedata.category(character) not in SPOKEN:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
