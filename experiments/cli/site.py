"""Where runs go, as a site says it once: in an environment variable, or in a file that commands name."""

from __future__ import annotations

from pathlib import Path

from specs.errors import UsageError

VARIABLE = "MEDTRANSFER_EXECUTOR"
"""The environment variable that gives the default of ``--executor``."""

FROM_FILE = "@"
"""What the name of a file begins with that holds an executor's expression."""


def executor_expression(text: str) -> str:
    """An executor's expression: the text, or for ``@FILE`` what the file holds.

    A file may hold the expression on several lines; from ``#`` on, a line is a comment if it begins so.

    Raises:
        UsageError: if the file cannot be read, or holds nothing.
    """
    if not text.startswith(FROM_FILE):
        return text
    path = Path(text.removeprefix(FROM_FILE)).expanduser()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--executor {text}: the file {path} cannot be read ({error}). Expected a text file with an expression "
            'such as slurm(partition="gpu", minutes=480).'
        ) from error
    expression = " ".join(line.strip() for line in lines if not line.lstrip().startswith("#")).strip()
    if not expression:
        raise UsageError(
            f'--executor {text}: the file {path} holds no expression. Expected one such as slurm(partition="gpu").'
        )
    return expression
