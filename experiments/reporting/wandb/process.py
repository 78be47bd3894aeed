"""wandb's process: its folder in the run store, its environment, how it is started and how it ends."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from experiments.reporting.wandb.modes import Mode
from experiments.run.machine.processes import alive

AFTERWARDS = 10.0
"""How many seconds wandb's process may take to end when all is written."""

ACCOUNT = (
    "WANDB_API_KEY",
    "WANDB_BASE_URL",
    "WANDB_CONFIG_DIR",
    "WANDB_CREDENTIALS_FILE",
    "WANDB_ENTITY",
    "WANDB_IDENTITY_TOKEN_FILE",
    "WANDB_INSECURE_DISABLE_SSL",
)
"""The environment variables of wandb that are kept: they say where and as whom to upload.

All others belong to runs of another program, or name folders, notes and users.
"""


def started(folder: Path, *arguments: str, mode: Mode) -> subprocess.Popen[bytes]:
    """Start wandb's program with pipes for its input and output; what it says besides goes to ``errors.txt``.

    Args:
        folder: the private folder of the process, in which it works.
        arguments: what the program does, behind its folder and mode.
        mode: ``offline`` or ``online``.
    """
    program = Path(__file__).with_name("writing.py")
    with (folder / "errors.txt").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-P", str(program), str(folder), mode, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=_environment(folder, mode),
            start_new_session=True,  # so Ctrl-C reaches this process alone, which then ends the other one
        )


def why_ended(process: subprocess.Popen[bytes], folder: Path) -> str:
    """The last line of a process' error output or, if there is none, the status that it ended with."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(AFTERWARDS)
    said: Sequence[str] = (folder / "errors.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return said[-1].strip() if said else f"its process ended with status {process.returncode}"


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group, as far as they still run, and close its pipes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def clear(staging: Path) -> None:
    """Remove the folders that killed commands on this machine left behind."""
    for path in staging.glob("*.*"):
        host, pid, _ = path.name.rsplit(".", 2)
        if alive(f"{host} {pid}") is False:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def staged(staging: Path) -> Iterator[Path]:
    """A private folder for one command, which is removed at the end."""
    folder = staging.absolute() / f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        for name in ("parcels", "tmp", "home"):
            (folder / name).mkdir(parents=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # another command still uses the folder, or it could not be made on a full disk
            staging.rmdir()


def _environment(folder: Path, mode: Mode) -> dict[str, str]:
    """The environment variables with which wandb keeps all files in a folder and reports none of its own errors."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_") or name in ACCOUNT}
    home = str(folder / "home")
    own = {
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": home,
        "XDG_DATA_HOME": home,
        "WANDB_ARTIFACT_DIR": home,
        "WANDB_CACHE_DIR": home,
        "WANDB_DATA_DIR": home,
        "WANDB_DISABLE_CODE": "true",
        "WANDB_DISABLE_GIT": "true",
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_SILENT": "true",
    }
    if mode == "offline":  # online, wandb reads from them where and as whom to upload
        kept.pop("WANDB_API_KEY", None)
        own |= {"HOME": home, "XDG_CONFIG_HOME": home, "WANDB_CONFIG_DIR": home}
    return kept | own
