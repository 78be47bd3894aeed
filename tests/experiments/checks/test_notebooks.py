"""The notebooks are right as files, hold their outputs, and run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from experiments.checks.notebooks import LARGEST, PARAMETERS, changed, executed, main, notebooks
from experiments.session.results import Made
from specs.errors import RunError, UsageError
from tests.conftest import PROJECT
from tests.experiments.example_table import document

FILES = notebooks()

SHORT: dict[str, dict[str, object]] = {
    "compare_initializations": {
        "ROWS": ["random", 'random(residual="zero")'], "BACKBONE": "tiny(width=4)", "RATES": [1e-3],
        "SETTINGS": {"epochs": 1, "image_size": 32}, "BUDGET": "6", "PATIENTS": 40,
    },
    "look_inside": {
        "WEIGHTS": ["random", 'random(residual="zero")'], "BACKBONE": "tiny(width=4, in_channels=1)", "SIZE": 28,
        "EPOCHS": 1,
    },
    "make_a_table": {
        "PROFILE": "smoke", "SEEDS": 2, "SETTINGS": {"epochs": 1}, "ROWS": ("fractals",), "COLUMNS": ("PXS",),
        "ADDED": (),
    },
}  # fmt: skip
"""Parameters with which each notebook takes seconds."""


def read(name: str) -> dict[str, object]:
    return json.loads(FILES[name].read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def notebook(*sources: str) -> dict[str, object]:
    """A notebook of these cells of code, the first of which is its parameters."""
    cells = [
        {
            "cell_type": "code", "execution_count": None, "id": f"cell-{number}", "outputs": [], "source": source,
            "metadata": {} if number else {"tags": [PARAMETERS]},
        }
        for number, source in enumerate(sources)
    ]  # fmt: skip
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_there_are_three_and_each_has_short_parameters() -> None:
    assert set(FILES) == set(SHORT)


@pytest.mark.parametrize("name", FILES)
def test_a_notebook_is_right_as_a_file_and_holds_the_outputs_of_one_run_in_order(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    assert len(text.encode()) <= LARGEST
    made = nbformat.reads(text, as_version=4)
    nbformat.validate(made)
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert sum(bool(cell.outputs) for cell in code) >= len(code) - 3
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not re.search(r"/(root|home|tmp|work|Users|usr|opt)/", text)
    for number, cell in enumerate(code):
        compile(cell.source, f"{name}, cell {number}", "exec")


@pytest.mark.parametrize("name", FILES)
def test_a_notebook_says_first_what_it_shows_and_that_its_images_are_drawn(name: str) -> None:
    made = nbformat.reads(FILES[name].read_text(encoding="utf-8"), as_version=4)
    assert made.cells[0].cell_type == "markdown" and made.cells[0].source.startswith("# ")
    assert "drawn" in made.cells[0].source and "medtransfer[" in made.cells[0].source
    (parameters,) = [cell for cell in made.cells if PARAMETERS in cell.metadata.get("tags", ())]
    for asked in SHORT[name]:
        assert re.search(rf"^{asked} = ", parameters.source, re.MULTILINE)
    page = (PROJECT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert f"(notebooks/{name}.ipynb)" in page


def test_values_of_parameters_are_replaced_and_names_that_are_none_are_refused() -> None:
    source = 'A = [1, 2]  # a list\nAB = "x"\n'
    assert changed(source, {"A": (3,)}) == 'A = (3,)  # a list\nAB = "x"\n'
    with pytest.raises(UsageError, match="parameter of this notebook"):
        changed(source, {"B": 1})


def test_a_notebook_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="notebook"):
        main(["look_insid"])


@pytest.mark.slow  # a kernel
def test_a_cell_that_fails_or_names_a_folder_of_this_machine_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"(?s)a cell of the notebook fails: .*ZeroDivisionError"):
        executed(notebook("A = 1", "A / (A - A)"), tmp_path, {"A": 2})
    with pytest.raises(RunError, match=r"an output names .*, a folder of this machine"):
        executed(notebook("import os; print(os.getcwd())"), tmp_path)


@pytest.mark.slow  # runs of each notebook, in a kernel
@pytest.mark.parametrize("name", FILES)
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    made = executed(read(name), tmp_path, SHORT[name])
    assert all(cell["execution_count"] for cell in made["cells"] if cell["cell_type"] == "code")


def test_a_result_is_text_where_rich_would_show_a_notebook_pictures_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert "An example" in str(Made(document=document(), runs=()))
