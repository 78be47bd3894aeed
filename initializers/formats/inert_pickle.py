"""Reading a pickle without running anything: every object that is no plain data becomes an empty shell.

Only NumPy's arrays are built, by this file's own code. A shell keeps its arguments and its state as data, so that named
tuples and other objects can be searched for arrays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initializers.formats.pickle_machine import Machine
from initializers.formats.pickle_owner import CutPickle, Owner, PickleFault, simple
from specs.errors import WeightsError
from specs.quoting import plain

NUMBERS = frozenset("fiubc")
"""The kinds of numbers that arrays may hold; an array of objects would need a pickle of its own."""

DEEPEST = 100
"""The number of levels of nested data that are searched for arrays."""

HARMLESS = frozenset(
    {
        "builtins.bytearray", "builtins.complex", "builtins.dict", "builtins.frozenset",
        "builtins.list", "builtins.range", "builtins.set", "builtins.slice", "builtins.tuple", "collections.deque",
        "datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta", "datetime.timezone",
        "decimal.Decimal", "fractions.Fraction", "pathlib.Path", "pathlib.PosixPath", "pathlib.PurePosixPath",
        "pathlib.PureWindowsPath", "pathlib.WindowsPath", "pathlib._local.PosixPath", "pathlib._local.WindowsPath",
        "torch.device", "torch.Size", "torch.nn.backends.thnn._get_thnn_function_backend",
        "torch.serialization._get_layout", "types.SimpleNamespace", "uuid.UUID",
        "numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._pickle.__generator_ctor",
    }
)  # fmt: skip
"""The functions that a pickle of data calls to make plain values such as a path, a date or a set.

Their results become shells as all others do. Any other function is reported as code that the file would have run if it
were read as Python reads a pickle. Modules that torch before 1.5 pickled name its table of functions, ``thnn``.
"""


class Shell:
    """A stand-in for an object whose class is not imported.

    Attributes:
        name: the name of the class or function, with its module.
        arguments: the arguments that it was called with.
        state: the state that was set on it.
        items: the items that were set under keys, or appended under numbers.
    """

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.arguments, self.state = name, arguments, None
        self.items: dict[Any, Any] = {}


class Name(str):
    """A class or function that a pickle names, which is not imported."""

    __slots__ = ()


class Array:
    """A NumPy array that is being built: NumPy pickles an empty array first, and its content as state.

    Attributes:
        value: the array; None for one that cannot be made.
    """

    def __init__(self) -> None:
        self.value: NDArray[Any] | None = None


class _Type:
    """A NumPy number format that is being built."""

    def __init__(self, text: Any = None, *rest: Any) -> None:
        if not isinstance(text, str):
            raise PickleFault("a number format that is no text")
        if not re.fullmatch(r"[<>=|]?[A-Za-z]\d{0,4}", text):
            raise PickleFault(f"the number format {plain(text)}")
        try:
            self.value = np.dtype(text)
        except TypeError as error:
            raise PickleFault(f"the number format {plain(text)}") from error

    def set_state(self, state: Any) -> None:
        """Set the order of bytes, which is the second entry of the state that NumPy pickles."""
        if not isinstance(state, tuple) or len(state) < 2:
            raise PickleFault("a number format with an odd state")
        if state[1] in ("<", ">"):
            self.value = self.value.newbyteorder(state[1])


class Inert(Owner):
    """The owner of a pickle that makes arrays of numbers, and shells of everything else.

    Args:
        strict: whether to refuse arrays of anything but numbers; otherwise such arrays have no value.

    Attributes:
        called_names: the names that the pickle calls, apart from those of ``functions`` and of ``HARMLESS``.
        made_names: the names of classes that it makes objects of, and of what it calls from ``HARMLESS``; these objects
            are left unread.
    """

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.called_names: dict[str, None] = {}
        self.made_names: dict[str, None] = {}

    def named(self, name: str) -> Any:
        """A name that stands for the class or function, which is not imported."""
        return Name(OLD_NAMES.get(name, name))

    def made(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        """A shell of the class, unless it is one that this reader builds, such as an ordered dictionary or a tensor."""
        if isinstance(kind, Name) and kind in self.functions():
            return self.called(kind, arguments)
        self.made_names.setdefault(str(kind) if isinstance(kind, Name) else type(kind).__name__, None)
        return Shell(str(kind) if isinstance(kind, Name) else "what a call gave", arguments)

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """The result of this reader's own function of that name; a shell for any other function."""
        if isinstance(function, Shell):
            return Shell(function.name, arguments)
        if not isinstance(function, Name):
            raise PickleFault("it calls something that is no function")
        if make := self.functions().get(function):
            return self._made(make, arguments)
        if function == "copyreg._reconstructor" and arguments and isinstance(arguments[0], Name):
            return self.made(arguments[0], arguments[1:])
        if function not in HARMLESS:
            self.called_names.setdefault(str(function), None)
        elif not function.startswith(("builtins.", "torch.")):
            self.made_names.setdefault(str(function), None)
        return Shell(str(function), arguments)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """This reader's own functions, by the names of those that they replace; the first argument is the owner."""
        return FUNCTIONS

    def _made(self, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        try:
            return make(self, *arguments)
        except (TypeError, ValueError, IndexError, AttributeError, OverflowError, RuntimeError) as error:
            if isinstance(error, PickleFault):
                raise
            raise PickleFault(f"an odd array or tensor ({plain(error)})") from error

    def stated(self, made: Any, state: Any) -> None:
        """Set the content of an array, or the state of a shell."""
        if isinstance(made, Shell):
            made.state = state
        elif isinstance(made, _Type):
            made.set_state(state)
        elif isinstance(made, Array):
            self._made(lambda owner: owner._fill(made, state), ())
        elif not isinstance(made, dict):  # an ordered dictionary may have attributes, which are no entries
            raise PickleFault("a state for a function" if isinstance(made, Name) else "a state for what has none")

    def _fill(self, array: Array, state: tuple[Any, ...]) -> None:
        shape, dtype, fortran, content = state[-4:]
        content = content.encode("latin-1") if isinstance(content, str) else content
        if not isinstance(dtype, _Type) or dtype.value.kind not in NUMBERS or not isinstance(content, bytes):
            if self.strict:
                raise PickleFault("an array of objects" if not isinstance(dtype, _Type) or dtype.value.kind == "O"
                                  else f"an array of {dtype.value}")  # fmt: skip
            return
        flat = np.frombuffer(content, dtype.value)
        array.value = flat.reshape(shape, order="F" if fortran else "C")

    def filled(self, made: Any, items: list[tuple[Any, Any]]) -> None:
        """Keep the items in a shell."""
        if not isinstance(made, Shell):
            raise PickleFault("it sets items of what has none")
        for key, value in items:
            made.items[len(made.items) if key is None else key] = value

    def outside(self, pid: Any) -> Any:
        """A shell for an object that is kept outside the pickle."""
        return Shell("persistent", (pid,))

    def key(self, key: Any) -> Any:
        """A shell, which is equal to no other key."""
        return Shell("key", (key,))


def _typed(owner: Inert, *arguments: Any) -> _Type:
    made = _Type(*arguments)
    if owner.strict and made.value.kind not in NUMBERS and made.value.kind != "O":
        raise PickleFault(f"an array of {made.value}")
    return made


def _scalar(owner: Inert, dtype: Any, content: Any) -> Any:
    content = content.encode("latin-1") if isinstance(content, str) else content
    if not isinstance(dtype, _Type) or dtype.value.kind not in NUMBERS or not isinstance(content, bytes):
        return Shell("numpy scalar", (content,))
    return np.frombuffer(content, dtype.value)[0]


def _from_buffer(owner: Inert, content: Any, dtype: Any, shape: Any, order: Any, *rest: Any) -> Array:
    """An array as protocol 5 writes it."""
    array = Array()
    owner.stated(array, (shape, dtype, order == "F", content))
    return array


def _latin1(owner: Inert, text: Any, encoding: Any = "latin1") -> bytes:
    """Bytes as protocol 2 writes them: as text to be encoded."""
    if encoding not in ("latin1", "latin-1"):
        raise PickleFault(f"bytes in the encoding {plain(encoding)}")
    made: bytes = text.encode("latin-1")
    return made


def _from_jax(owner: Inert, make: Any, arguments: Any, state: Any, *rest: Any) -> Array:
    """An array as JAX pickles it: what NumPy would have pickled, as arguments of JAX's own function."""
    if make not in RECONSTRUCT:
        raise PickleFault("an array that NumPy does not make")
    array = Array()
    owner.stated(array, state)
    return array


def _ordered(owner: Inert, pairs: Any = (), *rest: Any) -> dict[Any, Any]:
    """A dictionary of another kind as a plain dictionary; Python 2 passes its pairs as an argument."""
    if isinstance(pairs, dict):
        return dict(pairs)
    return {(key if simple(key) else owner.key(key)): value for key, value in list(pairs)}


RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")

OLD_NAMES = {"copy_reg._reconstructor": "copyreg._reconstructor"} | {
    f"__builtin__.{name}": f"builtins.{name}" for name in ("set", "frozenset", "bytearray", "complex", "list", "dict")
}
"""Python 2's names of functions, with Python 3's (``_compat_pickle``)."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: lambda owner, *arguments: Array() for name in RECONSTRUCT},
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "numpy.dtype": _typed,
    "_codecs.encode": _latin1,
    "collections.OrderedDict": _ordered,
    "collections.Counter": _ordered,
    "collections.defaultdict": lambda owner, *arguments: {},
    "dill._dill._create_namedtuple": lambda owner, name, *rest: Name(f"namedtuple {plain(name)}"),
    "jax._src.array._reconstruct_array": _from_jax,
    "jax._src.device_array.reconstruct_device_array": _from_jax,
}


def read_inert(path: Path) -> Any:
    """The content of a pickle, with shells for everything but plain data and NumPy's arrays.

    Raises:
        WeightsError: if the pickle is damaged, or holds arrays of objects.
    """
    try:
        with path.open("rb") as file:
            return Machine(file, Inert(strict=True), path.stat().st_size).load()
    except CutPickle as error:
        raise WeightsError(f"{path} cannot be read to its end: {error}. It was cut short; fetch it again.") from error
    except PickleFault as error:
        raise WeightsError(
            f"{path} cannot be read as a pickle of numbers: {error}. Compare its hash with its publishers'."
        ) from error


def arrays_in(value: Any) -> Iterator[tuple[tuple[str, ...], NDArray[Any]]]:
    """All arrays in plain data and shells, each with the keys of the first path to it, at most a hundred levels deep.

    Args:
        value: the content of a pickle, from ``read_inert``; it may hold one object many times, or itself.
    """
    seen = set[int]()
    left: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while left:
        name, item = left.pop()
        if not isinstance(item, Array | dict | list | tuple | Shell) or id(item) in seen or len(name) > DEEPEST:
            continue
        seen.add(id(item))
        if isinstance(item, Array):
            if item.value is not None:
                yield name, item.value
        elif isinstance(item, dict):
            left += [((*name, plain(key, 200)), inner) for key, inner in reversed(item.items())]
        elif isinstance(item, list | tuple):
            left += [((*name, str(number)), inner) for number, inner in reversed(list(enumerate(item)))]
        else:
            # A shell of one argument wraps it, as a mapping of another library wraps a dict.
            wrapped = item.arguments[0] if len(item.arguments) == 1 else item.arguments
            left += [(name, item.items), (name, item.state), (name, wrapped)]
