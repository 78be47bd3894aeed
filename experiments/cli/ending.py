"""The end of a command in an error: a line for the user, an exit status, and for a fault of medtransfer's a file."""

from __future__ import annotations

import errno
import os
import platform
import secrets
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from specs.errors import MedtransferError, UnexpectedError, UsageError
from specs.files import disk_is_full, says_disk_is_full, write_text
from specs.here import current_folder
from specs.quoting import several_lines

ASKED = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""The signals by which systems ask a command to end: a batch system at the end of its time, a terminal that closes."""

OF_SIGNALS = 128
"""What shells add to the number of a signal to make the exit status of a command that it ended."""

READER_GONE = 141
"""``OF_SIGNALS`` and the number of SIGPIPE."""


class AskedToEnd(KeyboardInterrupt):
    """A signal that asks the command to end; the command ends as by Ctrl-C.

    Args:
        number: the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


OF_THE_MACHINE = {
    errno.EACCES: "permission denied. Give yourself the permission, or name another place",
    errno.EPERM: "the system does not permit it. Name another place",
    errno.EROFS: "it is on a file system that can only be read. Name another place",
    errno.ENOENT: "there is no such file or folder. Make it, or name another one",
    errno.ENOTDIR: "a part of the path is a file and no folder. Name another place",
    errno.EISDIR: "it is a folder where a file is expected. Name another place",
    errno.EEXIST: "something of this name is there already. Move it, or name another place",
    errno.ELOOP: "its symbolic links lead round in a circle. Mend them, or name another place",
    errno.ENAMETOOLONG: "its name is too long for this file system. Name a shorter one",
    errno.EMFILE: "this process may open no more files. Raise the limit with `ulimit -n`",
    errno.ENFILE: "this machine may open no more files. Close some",
    errno.EIO: "the disk answers with an error. Look into the system's log, or name another place",
    errno.ESTALE: "its network file system has lost it. Mount it again",
    errno.EFBIG: "it is larger than this file system or `ulimit -f` allows. Name another place",
    errno.ENXIO: "it is no file that can be read. Name another one",
    errno.ETXTBSY: "it is in use. Wait, or name another place",
    errno.ENODEV: "its device is gone. Name another place",
    errno.EINVAL: "the system does not take this name or what is done with it. Name another place",
}
"""What is wrong with a file or folder that an error of the operating system names, and what to do, by ``errno``."""


def streams_that_can_show_everything() -> None:
    """Let standard output and error take any text, and open them if a shell has closed them.

    A character that a terminal's encoding lacks is shown as its number. A closed stream is opened to the null device:
    otherwise the next file that is opened would get its number, and every message would be written into that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number, which is this one
    sys.stdout, sys.stderr = (
        stream or os.fdopen(number, "w", encoding="utf-8") for number, stream in ((1, sys.stdout), (2, sys.stderr))
    )
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # streams of tests and notebooks may lack it
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def asked_to_end() -> Iterator[None]:
    """Raise ``AskedToEnd`` in this block when a signal asks for its end, unless whoever started it has them ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> None:
        raise AskedToEnd(number)

    heeded = [number for number in ASKED if signal.getsignal(number) is signal.SIG_DFL]
    for number in heeded:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)


def ended_by(error: BaseException, arguments: Sequence[str], store: Path | None) -> int:
    """Print in one line what ended a command, and return the exit status.

    Args:
        error: the error that ended the command.
        arguments: the arguments that the command was given, for the file about an unexpected error.
        store: the run store that the command was given; None if it is not known.
    """
    if isinstance(error, KeyboardInterrupt):
        number = error.number if isinstance(error, AskedToEnd) else int(signal.SIGINT)
        _say(
            f"{'interrupted' if number == signal.SIGINT else f'ended by {signal.Signals(number).name}'}; the same "
            "command goes on where this one stopped"
        )
        return OF_SIGNALS + number
    reader_gone = isinstance(error, BrokenPipeError) and _reader_has_gone()
    _flush_or_lead_nowhere()
    if reader_gone:
        return READER_GONE
    ours = _as_ours(error) or _stored(error, arguments, store)
    _say(str(ours))
    return ours.exit_status


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # standard error may be closed, and then nobody can be told
        print(f"medtransfer: {several_lines(text)}", file=sys.stderr, flush=True)


def _as_ours(error: BaseException) -> MedtransferError | None:
    """An error that a user can do something about, as a ``MedtransferError``; None for a fault of this program."""
    if isinstance(error, MedtransferError):
        return error
    if not isinstance(error, OSError):
        return None
    if says_disk_is_full(error):
        return disk_is_full(error.filename or "the output of this command, or a file,")
    if isinstance(error, FileNotFoundError) and current_folder() is None:
        return UsageError("the current folder was removed. Go to another one with `cd`.")
    if error.filename is None or error.errno not in OF_THE_MACHINE:
        return None
    return UsageError(f"{_shown(error.filename)}: {OF_THE_MACHINE[error.errno]}.")


def _shown(name: object) -> str:
    """The name of a file in an error of the system, as text without line breaks and control characters."""
    text = os.fsdecode(name) if isinstance(name, bytes | str) else str(name)
    return text if text.isprintable() else repr(text)


def _reader_has_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more. If not, a worker's pipe is broken."""
    try:
        asked = select.poll()
        asked.register(sys.stdout.fileno(), select.POLLOUT)
        return any(event & select.POLLERR for _, event in asked.poll(0))
    except (AttributeError, OSError, ValueError):  # not Linux, or a stream of a test or a notebook
        return True


def _flush_or_lead_nowhere() -> None:
    """Write the rest of standard output; if that fails, discard it, or Python would report the error again at exit."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError, ValueError):  # streams of tests and notebooks have no file number
            os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _stored(error: BaseException, arguments: Sequence[str], store: Path | None) -> UnexpectedError:
    """Write the details of an unexpected error into a file; the returned error names the file.

    Its message may contain names of patients or folders, so it is in the file and not on the terminal.
    """
    told = "".join(traceback.format_exception(error))
    text = (
        f"medtransfer {_version()}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{time.strftime('%Y-%m-%d %H:%M:%S %z')}\n{' '.join(map(repr, ['medtransfer', *arguments]))}\n\n{told}"
    )
    name = f"error-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}.txt"
    places = [store / "errors"] if store is not None and store.is_dir() else []
    for folder in [*places, Path(tempfile.gettempdir())]:
        path = folder / (name if folder in places else f"medtransfer-{name}")
        with suppress(OSError, MedtransferError):
            write_text(path, text)
            return UnexpectedError(
                f"a fault of medtransfer's own, {type(error).__name__}, ended this command. What is finished is kept. "
                f"{path} holds the details; please look it through for what is private, and report it to whoever gave "
                "you medtransfer."
            )
    return UnexpectedError(
        f"a fault of medtransfer's own, {type(error).__name__}, ended this command, and its details could be written "
        "neither into the run store nor into the folder of temporary files. Make room there or set TMPDIR, give the "
        "same command again, and please report it."
    )


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("medtransfer")
    except PackageNotFoundError:
        return "that is not installed"
