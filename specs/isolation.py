"""Processes of ours that take nothing from the folder where a command was given, nor from the program that starts them.

Python puts the current folder on the path of what it starts with ``-c`` or ``-m``, which multiprocessing's servers and
jobs of a cluster are: a user's ``torch.py`` or ``datamodules`` would stand in for the real one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import site
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from pathlib import Path

from specs.errors import UsageError
from specs.here import current_folder
from specs.packages import HOME
from specs.quoting import LONGEST_PATH, plain

SOCKET_BYTES = 107 if sys.platform == "linux" else 103
"""The bytes of the longest path of a socket: of ``sun_path`` in unix(7) on Linux, in unix(4) on macOS, less one."""


def environment() -> dict[str, str | None]:
    """The environment variables that our processes are started with; None removes a variable.

    ``PYTHONSAFEPATH`` (https://docs.python.org/3/using/cmdline.html#envvar-PYTHONSAFEPATH) keeps Python from putting
    the current folder first. An empty or relative entry of ``PYTHONPATH`` would put it there too, and so does its own
    name. Our own folder is named where it is no folder of installed packages, so that ours are found before others of
    the same names.
    """
    installed = {os.path.realpath(folder) for folder in [*site.getsitepackages(), site.getusersitepackages()]}
    given = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    kept = [one for one in given if Path(one).is_absolute() and os.path.realpath(one) != current_folder()]
    if str(HOME) not in [*installed, *kept]:
        kept.insert(0, str(HOME))
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(kept) or None}


_ONE_THREAD = threading.RLock()
"""Held while environment variables are set, since they belong to the whole process and threads would mix them up."""


@contextmanager
def isolated() -> Iterator[None]:
    """Start processes in this block: they have the variables of ``environment``, and do not import the main program.

    multiprocessing would run a user's script again in each of them, under another name; it leaves alone what is called
    ``__main__`` of a package.
    """
    with _ONE_THREAD:
        own = environment()
        before = {name: os.environ.get(name) for name in own}
        main = sys.modules.get("__main__")
        named = getattr(main, "__spec__", None)
        try:
            _set(own)
            if main is not None:
                main.__spec__ = ModuleSpec("medtransfer.__main__", None)
            yield
        finally:
            _set(before)
            if main is not None:
                main.__spec__ = named


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes in this block that Ctrl-C does not reach, which a terminal sends to all that a command started.

    The command ends them. A server of processes that still imports would show where it was. To this process the signals
    that it heeds come after the block, since a process that is started halfway is known to nobody who could end it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # started here, since starting it unblocks the signal
    with _later(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a blocked signal still comes by another thread
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _later(*numbers: signal.Signals) -> Iterator[None]:
    """Let signals that have handlers come after this block; blocked, they would be so in what is started, too."""
    heeded = {number: signal.getsignal(number) for number in numbers}
    heeded = {number: handler for number, handler in heeded.items() if callable(handler)}
    if not heeded or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    for number in heeded:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in heeded.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def _check_temporary_folder() -> None:
    """Refuse a folder for temporary files in which a server of processes cannot make the socket that it is asked by."""
    folder, most = tempfile.gettempdir(), SOCKET_BYTES - len("/pymp-12345678/listener-12345678")
    if (length := len(os.fsencode(folder))) > most:
        raise UsageError(
            f"the folder for temporary files, {plain(folder, LONGEST_PATH)}, has a name of {length} bytes; expected at "
            f"most {most}, since processes talk through sockets in it. Set TMPDIR to a shorter one, such as /tmp."
        )


class _ForkServerProcess(ForkServerProcess):
    def start(self) -> None:
        _wait_for_the_server()
        self.start_now()

    def start_now(self) -> None:
        """Start the process, once the server of processes answers."""
        with isolated(), _deaf_to_interrupts():
            super().start()


def _wait_for_the_server() -> None:
    """Have the server of processes started, which may import for long, so that Ctrl-C ends the waiting.

    It is waited for by another thread, which Ctrl-C does not reach.
    """
    if _SERVER.is_set():
        return
    first = _ForkServerProcess(target=_nothing)
    waiting = threading.Thread(target=_started, args=(first,), daemon=True)
    waiting.start()
    try:
        while waiting.is_alive():
            waiting.join(0.1)
    except KeyboardInterrupt:
        if (server := getattr(forkserver._forkserver, "_forkserver_pid", None)) is not None:
            os.kill(server, signal.SIGKILL)
        raise
    if first.pid is not None:
        first.join()
        _SERVER.set()


def _started(process: _ForkServerProcess) -> None:
    with suppress(Exception):  # the next process that is started raises it where somebody hears of it
        process.start_now()


def _nothing() -> None:
    """Stand for what a process does, where only its start counts."""


_SERVER = threading.Event()
"""Set once the server of processes has answered."""


class _SpawnProcess(SpawnProcess):
    def start(self) -> None:
        with isolated(), _deaf_to_interrupts():
            super().start()


class _ForkServers(ForkServerContext):
    Process = _ForkServerProcess


class _Spawning(SpawnContext):
    Process = _SpawnProcess


def processes(preloaded: Sequence[str] = ()) -> ForkServerContext | SpawnContext:
    """The multiprocessing context whose processes are isolated, and hold nothing of this process but modules.

    Args:
        preloaded: modules that the server imports before it is forked, if it is the first to ask for any.

    Raises:
        UsageError: if the system's folder for temporary files has too long a name for sockets.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return _Spawning()
    _check_temporary_folder()
    context = _ForkServers()
    context.set_forkserver_preload(["medtransfer", *preloaded])  # it takes our packages from our own folder
    return context
