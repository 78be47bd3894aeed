"""The stack machine that reads pickles: it builds plain data, and asks its owner for everything else.

It imports nothing, calls nothing by name and hashes nothing that a file could make collide. Each step takes a bounded
time and at most some hundred bytes, and the number of steps is bounded, so that a file's size bounds both.
Opcodes: Python's ``pickletools``; those of out-of-band buffers and of the extension registry are refused.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from typing import IO, Any

from initializers.formats.pickle_owner import CutPickle, Owner, PickleFault, simple

MOST_STEPS = 4_000_000
"""The largest number of opcodes, which takes some seconds; a checkpoint has about thirty for each of its tensors."""

LONGEST_LINE = 2**16
"""The largest number of bytes of a line, in the text form of numbers and names."""

PROTOCOL = 5
"""The highest protocol that is read (https://docs.python.org/3/library/pickle.html#data-stream-format)."""


class _Mark:
    """The marker on the stack where a group begins."""


MARK = _Mark()


class Machine:
    """A machine that reads one pickle.

    Args:
        file: the file, open at the pickle's beginning; it is left at the pickle's end.
        owner: the object that is asked for everything that is no plain data.
        end: the size of the file in bytes, so that no more is asked for than there is.
    """

    def __init__(self, file: IO[bytes], owner: Owner, end: int) -> None:
        self._file, self._owner, self._end = file, owner, end
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The object in the pickle.

        Raises:
            PickleFault: if the pickle is damaged, or the owner refuses something in it.
        """
        read, steps = self._file.read, _STEPS
        for _ in range(MOST_STEPS):
            code = read(1)
            if not code:
                raise CutPickle("its pickle ends too early")
            if code == b".":
                return self._pop()
            step = steps.get(code)
            if step is None:
                raise PickleFault(f"its pickle has the unknown step {code!r}")
            step(self)
        raise PickleFault(f"its pickle takes more than {MOST_STEPS:,} steps, and a checkpoint some ten thousand")

    # Reading

    def _bytes(self, count: int) -> bytes:
        if count < 0:
            raise PickleFault("a length in its pickle is negative")
        if count > self._end - self._file.tell():
            raise CutPickle(f"its pickle declares {count:,} more bytes than the file has")
        content = self._file.read(count)
        if len(content) != count:
            raise CutPickle("its pickle ends too early")
        return content

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _line(self) -> str:
        line = self._file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise CutPickle("a line of its pickle has no end")
        return line[:-1].decode("utf-8", "surrogateescape")

    # The stack

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _drop(self) -> None:
        """Remove the top of the stack, which may be a mark."""
        if not self._stack:
            raise PickleFault("its pickle takes a value from an empty stack")
        del self._stack[-1]

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is MARK:
            raise PickleFault("its pickle takes a value from an empty stack")
        return self._stack.pop()

    def _group(self) -> list[Any]:
        """The values above the last mark, which are removed from the stack together with it."""
        stack = self._stack
        for position in range(len(stack) - 1, -1, -1):
            if stack[position] is MARK:
                group = stack[position + 1 :]
                del stack[position:]
                return group
        raise PickleFault("its pickle ends a group that it has not begun")

    def _top(self) -> Any:
        value = self._pop()
        self._push(value)
        return value

    # Steps

    def _tuple(self, count: int | None = None) -> None:
        if count is None:
            self._push(tuple(self._group()))
            return
        self._push(tuple([self._pop() for _ in range(count)][::-1]))

    def _append(self, values: list[Any]) -> None:
        into = self._top()
        if type(into) is list:
            into.extend(values)
        else:
            self._owner.filled(into, [(None, value) for value in values])

    def _set(self, flat: list[Any]) -> None:
        if len(flat) % 2:
            raise PickleFault("a key in its pickle has no value")
        into, items = self._top(), [(self._key(key), value) for key, value in zip(flat[::2], flat[1::2], strict=True)]
        if type(into) is dict:
            into.update(items)
        else:
            self._owner.filled(into, items)

    def _key(self, key: Any) -> Any:
        return key if simple(key) else self._owner.key(key)

    def _set_one(self) -> None:
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def _append_one(self) -> None:
        value = self._pop()
        self._append([value])

    def _dict(self) -> None:
        group = self._group()
        self._push({})
        self._set(group)

    def _name(self, module: str, name: str) -> None:
        self._push(self._owner.named(f"{module}.{name}"))

    def _stack_name(self) -> None:
        name, module = self._pop(), self._pop()
        if type(name) is not str or type(module) is not str:
            raise PickleFault("a name in its pickle is no text")
        self._name(module, name)

    def _call(self) -> None:
        arguments, function = self._pop(), self._pop()
        self._push(self._owner.called(function, arguments if type(arguments) is tuple else (arguments,)))

    def _make(self) -> None:
        arguments, kind = self._pop(), self._pop()
        self._push(self._owner.made(kind, arguments if type(arguments) is tuple else (arguments,)))

    def _make_with_names(self) -> None:
        named, arguments, kind = self._pop(), self._pop(), self._pop()
        self._push(self._owner.made(kind, (arguments, named)))

    def _object(self) -> None:
        group = self._group()
        if not group:
            raise PickleFault("an object in its pickle has no class")
        self._push(self._owner.called(group[0], tuple(group[1:])))

    def _instance(self) -> None:
        function = self._owner.named(f"{self._line()}.{self._line()}")
        self._push(self._owner.called(function, tuple(self._group())))

    def _build(self) -> None:
        state, made = self._pop(), self._top()
        self._owner.stated(made, state)

    def _get(self, number: int) -> None:
        if number not in self._memo:
            raise PickleFault("its pickle refers to an object that it has not stored")
        self._push(self._memo[number])

    def _text_number(self) -> None:
        line = self._line()
        self._push({"00": False, "01": True}[line] if line in ("00", "01") else _whole(line))

    def _proto(self) -> None:
        if (version := self._number("<B")) > PROTOCOL:
            raise PickleFault(f"its pickle is of protocol {version}; {PROTOCOL} is the highest that is known")

    def _frame(self) -> None:
        if self._number("<Q") > self._end - self._file.tell():
            raise CutPickle("a part of its pickle ends too early")

    def _text_line(self) -> None:
        try:
            self._push(codecs.decode(self._line().encode("utf-8", "surrogateescape"), "raw-unicode-escape"))
        except UnicodeDecodeError as error:
            raise PickleFault("a text in its pickle cannot be decoded") from error

    def _quoted_line(self) -> None:
        text = self._line()
        if len(text) < 2 or text[0] not in "\"'" or text[-1] != text[0]:
            raise PickleFault("a text in its pickle has no quotation marks")
        try:
            escaped: Any = codecs.escape_decode(text[1:-1].encode("utf-8", "surrogateescape"))
        except ValueError as error:
            raise PickleFault("a text in its pickle cannot be decoded") from error
        self._push(escaped[0].decode("latin-1"))


def _whole(text: str) -> int:
    try:
        return int(text.removesuffix("L"))
    except ValueError as error:  # no number, or more digits than Python turns to one
        raise PickleFault("a number in its pickle cannot be read") from error


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise PickleFault("a number in its pickle cannot be read") from error


def _pushed(take: Callable[[Machine], Any]) -> Callable[[Machine], None]:
    return lambda machine: machine._push(take(machine))


def _kept(take: Callable[[Machine], int]) -> Callable[[Machine], None]:
    """A step that keeps the top of the stack under a number, for later use."""

    def keep(machine: Machine) -> None:
        number = take(machine)
        machine._memo[number] = machine._top()

    return keep


def _sized(form: str, turn: Callable[[bytes], Any]) -> Callable[[Machine], None]:
    return _pushed(lambda machine: turn(machine._bytes(machine._number(form))))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise PickleFault("a text in its pickle cannot be decoded") from error


def _latin1(content: bytes) -> str:
    """A string of Python 2, which may have been bytes."""
    return content.decode("latin-1")


def _long(content: bytes) -> int:
    return int.from_bytes(content, "little", signed=True)


_STEPS: dict[bytes, Callable[[Machine], Any]] = {
    b"\x80": Machine._proto,
    b"\x95": Machine._frame,
    b"(": lambda machine: machine._push(MARK),
    b"0": Machine._drop,
    b"1": Machine._group,
    b"2": lambda machine: machine._push(machine._top()),
    b"N": _pushed(lambda machine: None),
    b"\x88": _pushed(lambda machine: True),
    b"\x89": _pushed(lambda machine: False),
    b"I": Machine._text_number,
    b"J": _pushed(lambda machine: machine._number("<i")),
    b"K": _pushed(lambda machine: machine._number("<B")),
    b"M": _pushed(lambda machine: machine._number("<H")),
    b"L": _pushed(lambda machine: _whole(machine._line())),
    b"\x8a": _sized("<B", _long),
    b"\x8b": _sized("<i", _long),
    b"F": _pushed(lambda machine: _float(machine._line())),
    b"G": _pushed(lambda machine: machine._number(">d")),
    b"S": Machine._quoted_line,
    b"T": _sized("<i", _latin1),
    b"U": _sized("<B", _latin1),
    b"B": _sized("<I", bytes),
    b"C": _sized("<B", bytes),
    b"\x8e": _sized("<Q", bytes),
    b"\x96": _sized("<Q", bytes),
    b"V": Machine._text_line,
    b"X": _sized("<I", _text),
    b"\x8c": _sized("<B", _text),
    b"\x8d": _sized("<Q", _text),
    b")": _pushed(lambda machine: ()),
    b"t": Machine._tuple,
    b"\x85": lambda machine: machine._tuple(1),
    b"\x86": lambda machine: machine._tuple(2),
    b"\x87": lambda machine: machine._tuple(3),
    b"]": _pushed(lambda machine: []),
    b"l": lambda machine: machine._push(machine._group()),
    b"a": Machine._append_one,
    b"e": lambda machine: machine._append(machine._group()),
    b"}": _pushed(lambda machine: {}),
    b"d": Machine._dict,
    b"s": Machine._set_one,
    b"u": lambda machine: machine._set(machine._group()),
    b"\x8f": _pushed(lambda machine: []),  # a set, read as a list, since none of its members may be hashed
    b"\x90": lambda machine: machine._append(machine._group()),
    b"\x91": lambda machine: machine._push(machine._group()),
    b"p": _kept(lambda machine: _whole(machine._line())),
    b"q": _kept(lambda machine: machine._number("<B")),
    b"r": _kept(lambda machine: machine._number("<I")),
    b"\x94": _kept(lambda machine: len(machine._memo)),
    b"g": lambda machine: machine._get(_whole(machine._line())),
    b"h": lambda machine: machine._get(machine._number("<B")),
    b"j": lambda machine: machine._get(machine._number("<I")),
    b"c": lambda machine: machine._name(machine._line(), machine._line()),
    b"\x93": Machine._stack_name,
    b"R": Machine._call,
    b"\x81": Machine._make,
    b"\x92": Machine._make_with_names,
    b"o": Machine._object,
    b"i": Machine._instance,
    b"b": Machine._build,
    b"P": lambda machine: machine._push(machine._owner.outside(machine._line())),
    b"Q": lambda machine: machine._push(machine._owner.outside(machine._pop())),
}
"""The step of each opcode."""
