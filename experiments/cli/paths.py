"""Files and folders that options name, checked before any work is done.

Each kind is a type for ``argparse``. A path that cannot be used is refused with a remedy: it is not a file or not a
folder, would be read for ever, may not be read or written, or has a name that some software cannot handle.
"""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path

from specs.errors import UsageError
from specs.files import kind_of
from specs.here import current_folder


class PathOption:
    """A file or folder that an option names.

    Attributes:
        noun: the word for this kind of path in messages.
    """

    noun = "file or folder"

    def __call__(self, text: str) -> Path:
        """The path, if it can be used.

        Raises:
            argparse.ArgumentTypeError: says what is wrong and what to do; ``argparse`` puts the option before it.
        """
        path = Path(_usable(text))
        found = self.status(path)
        if found is not None:
            self.check(path, found)
        return path

    def status(self, path: Path) -> os.stat_result | None:
        """The system's status of the path; None if it does not exist, which is no fault here."""
        try:
            return path.stat()
        except FileNotFoundError:
            if path.is_symlink():
                raise _refused(f"{path} is a link to {path.readlink()}, which is not there", "Mend it") from None
            if not path.is_absolute() and not current_folder() is not None:
                raise _refused("the current folder was removed", "Go to another one with `cd`") from None
            return None
        except NotADirectoryError:
            raise _refused(f"a part of {path} is a file, where a folder is expected", "Name another place") from None
        except PermissionError:
            why = f"{path} cannot be looked at: a folder that it lies in may not be entered"
            raise _refused(why, "Give yourself the permission, or name another place") from None
        except OSError as error:
            why = f"{path if len(str(path)) < 200 else f'{str(path)[:100]}...'} cannot be used ({error.strerror})"
            raise _refused(why, "Name another place") from None

    def check(self, path: Path, found: os.stat_result) -> None:
        """Refuse an existing path that cannot be used."""


class FolderToRead(PathOption):
    """A folder that is read; it need not exist."""

    noun = "folder"

    def check(self, path: Path, found: os.stat_result) -> None:
        """Refuse a path that is not a folder, or may not be read."""
        if not stat.S_ISDIR(found.st_mode):
            raise _refused(f"{path} is {kind_of(found)}, where a folder is expected", "Name another place")
        if not _may(path, os.R_OK | os.X_OK):
            why = f"{path} may not be read by you (permission denied)"
            raise _refused(why, "Give yourself the permission, or name another place")


class FileToRead(PathOption):
    """A file that is read once; a missing one is reported by the code that reads it."""

    noun = "file"

    def check(self, path: Path, found: os.stat_result) -> None:
        """Refuse a path that is not a file, or may not be read; a pipe of the shell has an end, and is allowed."""
        piped = str(path).startswith(("/dev/fd/", "/proc/self/fd/")) or str(path) == "/dev/stdin"
        if not stat.S_ISREG(found.st_mode) and not (piped and stat.S_ISFIFO(found.st_mode)):
            raise _refused(f"{path} is {kind_of(found)}, where a file is expected", "Name a file")
        if not _may(path, os.R_OK):
            why = f"{path} may not be read by you (permission denied)"
            raise _refused(why, "Give yourself the permission, or name another file")


class FileToWrite(PathOption):
    """A file that is written whole; it replaces an existing one of its kind.

    Args:
        endings: what the names of files of its kind end in; only an existing file that is called so is replaced.
        or_folder: whether the path may also be a folder, into which the file is written.
    """

    noun = "file"

    def __init__(self, *endings: str, or_folder: bool = False) -> None:
        self.endings, self.or_folder = endings, or_folder

    def check(self, path: Path, found: os.stat_result) -> None:
        """Refuse an existing path that is not a file, which a file must not replace, or a file of another kind."""
        if self.or_folder and stat.S_ISDIR(found.st_mode):
            return
        if not stat.S_ISREG(found.st_mode):
            raise _refused(f"{path} is {kind_of(found)}, where a file is to be written", "Name a file")
        if not path.name.lower().endswith(self.endings):
            why = f"{path} is there already, and is no {self.endings[0]} file that could be replaced"
            raise _refused(why, f"Name another file, such as {path.stem}{self.endings[0]}")


def check_writable(options: argparse.Namespace, *names: str) -> None:
    """Refuse, before any work, files and folders that options name for writing and that cannot be written.

    Args:
        options: the parsed options of the command.
        names: the names of options to check, such as ``runs``; options that are not given, or that the command does
            not have, are ignored.

    Raises:
        UsageError: names the option and the folder.
    """
    for name in names:
        path: Path | None = getattr(options, name, None)
        if path is None:
            continue
        folder = path if path.is_dir() or not path.suffix else path.parent
        nearest = next((one for one in [folder, *folder.absolute().parents] if one.exists()), folder)
        why = None
        if not nearest.is_dir():
            why = f"{nearest} is no folder, so nothing can be written into it. Name another place"
        elif not _may(nearest, os.W_OK | os.X_OK):
            why = (
                f"{nearest} may not be written into by you (permission denied, or its file system can only be read). "
                "Give yourself the permission, or name another place"
            )
        if why is not None:
            raise UsageError(f"medtransfer {options.command}: argument --{name}: {why}.")


def file_to_read(text: str, command: str) -> Path:
    """Check the file that an argument names, for arguments that can name other things than files too.

    Args:
        text: the text of the argument, here the path of a file.
        command: the command that the argument is given to, for the message.

    Raises:
        UsageError: if the file cannot be used, as ``FileToRead`` judges it.
    """
    try:
        return FileToRead()(text)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"medtransfer {command}: {error}.") from None


def to_read(text: str, command: str) -> Path:
    """Check the folder or file that an argument names for reading; it must exist.

    Args:
        text: the text of the argument.
        command: the command that the argument is given to, for the message.

    Raises:
        UsageError: if it does not exist, or cannot be read.
    """
    try:
        path = PathOption()(text)
        if not path.exists():
            raise _refused(f"{path} does not exist", "Name a folder or a file that does")
        return (FolderToRead() if path.is_dir() else FileToRead())(text)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"medtransfer {command}: {error}.") from None


def _may(path: Path, how: int) -> bool:
    """Whether the user that this process acts as has the permissions ``how`` (``os.R_OK`` and others) on a path."""
    return os.access(path, how, effective_ids=os.access in os.supports_effective_ids)


def _usable(text: str) -> str:
    """The text of a path, if it is a name that all software can handle: not empty, UTF-8, no control characters."""
    if not text.strip():
        raise _refused(f"an empty name was given ({text!r}); is a variable of the shell empty?", "Name a place")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refused(f"the name {text!r} is not UTF-8", "Rename it, or name another place") from None
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise _refused(f"the name {text!r} holds a control character", "Rename it, or name another place")
    return text


def _refused(why: str, remedy: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{why}. {remedy}")
