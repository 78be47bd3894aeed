"""The interface that a pickle's reader asks for everything that is no plain data, and the faults that it raises."""

from __future__ import annotations

from typing import Any

WIDEST = 2**60
"""The size from which whole numbers are no keys, since a file could choose many with the same hash in Python."""


def simple(key: Any) -> bool:
    """Whether a value may be a dictionary's key, which holds if a file cannot choose its hash."""
    return key is None or type(key) in (str, bytes, bool) or (type(key) is int and -WIDEST < key < WIDEST)


class PickleFault(ValueError):
    """A pickle that is damaged, or does something that no pickle of numbers does."""


class CutPickle(PickleFault):
    """A pickle that ends before it is complete."""


class Owner:
    """The interface that gives a pickle's names and objects their meaning; this base class refuses all of them.

    A name is the full name of a class or function, with its module.
    """

    def named(self, name: str) -> Any:
        """The value that stands for a name on the stack."""
        raise PickleFault(f"it names {name}")

    def made(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        """An object of a named class; ``arguments`` may be anything."""
        raise PickleFault("it makes an object")

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """The result of calling a named function; ``arguments`` may be anything."""
        raise PickleFault("it calls a function")

    def stated(self, made: Any, state: Any) -> None:
        """Set the state of an object that was made."""
        raise PickleFault("it sets a state")

    def filled(self, made: Any, items: list[tuple[Any, Any]]) -> None:
        """Set items of an object that was made, by their keys; a key of None appends the item."""
        raise PickleFault("it sets items of what is no list or dictionary")

    def outside(self, pid: Any) -> Any:
        """The object that is kept outside the pickle under an identifier."""
        raise PickleFault("it names something outside of it")

    def key(self, key: Any) -> Any:
        """The value that stands for a key that is neither text nor a small number."""
        raise PickleFault("a dictionary's key is no text and no small number")
