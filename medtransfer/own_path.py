"""The path of the command's own process: a folder that it is given in is no place to import from.

Importing this is what does it, before anything else is imported: a user's ``typing.py`` or ``torch.py`` would be taken
for the real one. Only modules are used here that Python has imported before it looks into any folder. In a program
that imports medtransfer the path is the program's own, and stays as it is.
"""

from __future__ import annotations

import os
import sys

HOME = os.path.realpath(__file__).rpartition(os.sep)[0].rpartition(os.sep)[0]
"""The folder of all packages of this distribution, which may be the current one."""


def is_command() -> bool:
    """Whether this process is the command ``medtransfer`` or ``python -m medtransfer``."""
    given = sys.argv[0] if sys.argv else ""
    return given.rpartition(os.sep)[2].partition(".")[0] == "medtransfer" or (
        given == "-m" and any(one.endswith("medtransfer") for one in sys.orig_argv)
    )


def leave_current_folder() -> None:
    """Take the current folder off the path, and that of the command's script, as ``python -P`` does.

    The current one comes last where PYTHONPATH names it, so that plugins in it are found, and nothing in it stands
    before another module.
    """
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109 - pathlib may be a file of the user's here
    except OSError:  # it was removed meanwhile
        here = ""
    script = os.path.realpath(sys.argv[0]).rpartition(os.sep)[0]
    if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == script:
        del sys.path[0]
    named = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    wanted = here == HOME or here in [os.path.realpath(one) for one in named.split(os.pathsep) if one]
    kept = [one for one in sys.path if os.path.realpath(one) != here]
    sys.path[:] = [*kept, here] if here and wanted else kept


if is_command():
    leave_current_folder()
