"""The notebooks of ``docs/notebooks``, executed in a kernel: what stands below their cells is what their code gives.

python -m experiments.checks.notebooks            executes all of them and writes their outputs (minutes)
python -m experiments.checks.notebooks NAME ...   executes some

They need nbclient and ipykernel, ``pip install 'medtransfer[notebooks]'``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specs.errors import RunError, unknown
from specs.files import write_text
from specs.packages import HOME

NOTEBOOKS = HOME / "docs" / "notebooks"

PARAMETERS = "parameters"
"""The tag of the cell that sets what a reader may change, as papermill names it."""

LARGEST = 300_000
"""How many bytes a notebook with its outputs may have, so that a clone stays small."""

PATIENCE = 1800
"""How many seconds a cell may take."""

Notebook = dict[str, Any]


def notebooks() -> dict[str, Path]:
    """The files of all notebooks by their names."""
    return {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}


def executed(notebook: Notebook, folder: Path, parameters: Mapping[str, object] | None = None) -> Notebook:
    """A notebook with the outputs that its cells give in a kernel of their own; the one that is given stays as it is.

    Warnings and other lines on standard error are left out, and so is the time that cells took, which differs each
    time. Paths in the folder are written from there.

    Args:
        notebook: the notebook as plain data, of the format 4.5.
        folder: the folder in which its cells are run, which they write into.
        parameters: other values for the names that its cell of parameters sets, for a shorter run; None: as it is.

    Raises:
        RunError: if a cell fails, or an output names a folder of this machine.
        UsageError: if the notebook has no parameter of a name.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    made = nbformat.reads(json.dumps(notebook), as_version=4)
    for cell in made.cells:
        if parameters and PARAMETERS in cell.metadata.get("tags", ()):
            cell.source = changed(cell.source, parameters)
    here = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(HOME) if not here else f"{HOME}{os.pathsep}{here}"
    try:
        NotebookClient(
            made, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(folder)}},
            record_timing=False,
        ).execute()  # fmt: skip
    except CellExecutionError as error:
        raise RunError(f"a cell of the notebook fails: {str(error).strip()[-1500:]}") from error
    finally:
        os.environ.pop("PYTHONPATH")
        if here is not None:
            os.environ["PYTHONPATH"] = here
    plain: Notebook = json.loads(nbformat.writes(made))
    plain["metadata"] = notebook["metadata"]
    for cell in plain["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    plain["cells"] = json.loads(json.dumps(plain["cells"]).replace(f"{folder}{os.sep}", ""))
    for own in (str(folder), str(HOME), str(Path.home()), sys.prefix):
        if own != os.sep and own in json.dumps(plain):
            raise RunError(f"an output names {own}, a folder of this machine. Have the cell print something else.")
    return plain


def changed(source: str, parameters: Mapping[str, object]) -> str:
    """The source of a cell of parameters with other values, whose comments are kept.

    Raises:
        UsageError: if the cell sets no name of these.
    """
    known = re.findall(r"^(\w+) = ", source, re.MULTILINE)
    for name, value in parameters.items():
        if name not in known:
            raise unknown("parameter of this notebook", name, known)
        line = re.compile(rf"^{name} = .*?(?=  #|$)", re.MULTILINE)
        source = line.sub(f"{name} = {value!r}".replace("\\", r"\\"), source)
    return source


def text_of(notebook: Notebook) -> str:
    """The text of a notebook's file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Execute notebooks and write their outputs; returns the exit status."""
    known = notebooks()
    for name in arguments or known:
        if name not in known:
            raise unknown("notebook", name, known)
        with tempfile.TemporaryDirectory() as folder:
            made = text_of(executed(json.loads(known[name].read_text(encoding="utf-8")), Path(folder).resolve()))
        if (size := len(made.encode())) > LARGEST:
            raise RunError(f"{name} would have {size:,} bytes with its outputs; expected {LARGEST:,} at most.")
        write_text(known[name], made)
        print(f"{name}: {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
