"""Reading a pickle without running anything: every class and function in it becomes an empty shell.

Only NumPy's arrays are made, by this file's own code. What a shell is called with is kept as data, so that tuples with
named fields and objects with a state can be looked into. Pickle's opcodes: Python's ``pickletools``.
"""

from __future__ import annotations

import codecs
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specs.errors import WeightsError

NUMBERS = frozenset("fiubc")
"""Kinds of numbers that arrays may hold; an array of objects would need a pickle of its own."""


class Shell:
    """Stands for an object of a class that is not imported.

    Attributes:
        name: of the class or function, with its module.
        arguments: what it was called with.
        state: what was set on it.
    """

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.arguments, self.state = name, arguments, None
        self.items: dict[Any, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def __call__(self, *arguments: Any) -> Shell:
        """What a shell of a function gives is a shell too."""
        return Shell(self.name, arguments)

    def append(self, value: Any) -> None:
        """Kept under its number."""
        self.items[len(self.items)] = value


class _Array:
    """An array in the making: NumPy pickles an empty one first and its content as state."""

    def __init__(self) -> None:
        self.value: NDArray[Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        shape, dtype, fortran, content = state[-4:]
        if not isinstance(dtype, _Type) or not isinstance(content, bytes):
            raise pickle.UnpicklingError("an array of objects")
        flat = np.frombuffer(content, dtype.value)
        self.value = flat.reshape(shape, order="F" if fortran else "C")


class _Type:
    """A number format in the making."""

    def __init__(self, text: str, *rest: Any) -> None:
        if not isinstance(text, str):
            raise pickle.UnpicklingError("a number format that is no text")
        self.value = np.dtype(text)
        if self.value.kind not in NUMBERS:
            raise pickle.UnpicklingError(f"an array of {self.value}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):
            self.value = self.value.newbyteorder(state[1])


def _scalar(dtype: _Type, content: bytes) -> Any:
    return np.frombuffer(content, dtype.value)[0]


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """How protocol 2 writes bytes: as text to be encoded."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding}")
    return codecs.encode(text, "latin-1")


def _from_jax(make: Callable[..., _Array], arguments: tuple[Any, ...], state: tuple[Any, ...], *rest: Any) -> _Array:
    """JAX pickles an array as what NumPy would have pickled, as arguments of a function of its own."""
    array = make(*arguments)
    if not isinstance(array, _Array):
        raise pickle.UnpicklingError("an array that NumPy does not make")
    array.__setstate__(state)
    return array


class _Maker:
    """One of this file's functions, as a pickle gets it: it can be called and nothing on it can be set."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """What the function makes."""
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a state for a function")


KNOWN: dict[str, _Maker] = {
    "numpy.core.multiarray._reconstruct": _Maker(lambda *arguments: _Array()),
    "numpy._core.multiarray._reconstruct": _Maker(lambda *arguments: _Array()),
    "numpy.core.multiarray.scalar": _Maker(_scalar),
    "numpy._core.multiarray.scalar": _Maker(_scalar),
    "numpy.dtype": _Maker(_Type),
    "_codecs.encode": _Maker(_latin1),
    "dill._dill._create_namedtuple": _Maker(lambda name, *rest: _shell_class(f"namedtuple {name}")),
    "jax._src.array._reconstruct_array": _Maker(_from_jax),
    "jax._src.device_array.reconstruct_device_array": _Maker(_from_jax),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Never imports anything."""
        full = f"{module}.{name}"
        return KNOWN[full] if full in KNOWN else _shell_class(full)

    def persistent_load(self, pid: Any) -> Any:
        """Objects outside the pickle are shells too."""
        return Shell("persistent", (pid,))


def _shell_class(full: str) -> type[Shell]:
    """A class of its own for each name, since pickle makes instances by ``cls.__new__(cls, *arguments)``."""

    class Named(Shell):
        def __new__(cls, *arguments: Any) -> Named:
            made = object.__new__(cls)
            Shell.__init__(made, full, arguments)
            return made

        def __init__(self, *arguments: Any) -> None:
            """Everything is done in ``__new__``."""

    return Named


def read_inert(path: Path) -> Any:
    """What a pickle holds, with shells for everything but plain data and NumPy's arrays.

    Raises:
        WeightsError: if it is damaged, or holds arrays of objects.
    """
    try:
        with path.open("rb") as file:
            return _Unpickler(file).load()
    except Exception as error:  # torn bytes make pickle fail in many ways
        raise WeightsError(
            f"{path} cannot be read as a pickle of numbers ({type(error).__name__}: {error}). Fetch it again."
        ) from error


def arrays_in(
    value: Any, name: tuple[str, ...] = (), seen: dict[int, Any] | None = None
) -> Iterator[tuple[tuple[str, ...], NDArray[Any]]]:
    """All arrays inside plain data and shells, each with the first keys that lead to it.

    Args:
        value: what ``read_inert`` gave.
        name: keys that lead to it.
        seen: what was looked into already, by identity, since a pickle may hold one thing many times, or in itself.
    """
    seen = {} if seen is None else seen
    if isinstance(value, _Array | dict | list | tuple | Shell):
        if id(value) in seen:
            return
        seen[id(value)] = value
    if isinstance(value, _Array):
        if value.value is not None:
            yield name, value.value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from arrays_in(inner, (*name, str(key)), seen)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from arrays_in(inner, (*name, str(number)), seen)
    elif isinstance(value, Shell):
        # A shell of one argument wraps it, as a mapping of another library wraps a dict.
        yield from arrays_in(value.arguments[0] if len(value.arguments) == 1 else value.arguments, name, seen)
        yield from arrays_in(value.state, name, seen)
        yield from arrays_in(value.items, name, seen)
