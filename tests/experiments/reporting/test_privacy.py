"""What leaves a machine, tables, pages and wandb's files, holds no name of a user's folders, files, columns and people.

Every place where such a name can be has the word PLANTED in it. What stays on the disk, the run store's own records and
logs, may hold them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file

from experiments.cli.command_line import main
from experiments.reporting.formats.files import write_all
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.wandb.mirror import mirror
from experiments.reporting.wandb.parcels import of_table
from experiments.run.progress import Finished, failed
from experiments.run.public_names import passed_on, public_title
from experiments.tables.document import Cell
from experiments.tables.reasons import ELSE, reason
from specs.errors import DataError, MedtransferError, RunError, StorageError, UsageError, WeightsError
from specs.registry import BACKBONES, INITIALIZERS
from tests.conftest import PROJECT
from tests.experiments.example_table import document, unpacked

PLANTED, WORD = "PLANTED", b"PLANTED"

DATASET = (
    'folder("PLANTEDFOLDER", table="PLANTEDTABLE.csv", image="PLANTEDIMAGE", label="PLANTEDLABEL", '
    'patient="PLANTEDPATIENT", split="PLANTEDSPLIT")'
)
WEIGHTS = 'file("PLANTED weights.safetensors", trained_on=(\'folder("PLANTEDOTHER")\',))'

HOW = ("--backbone", "tiny(width=4)", "--recipe", "phantom/smoke", "--set", "epochs=1", "--set", "dropout=0")
WHERE = ("--data-root", "PLANTEDROOT", "--runs", "PLANTEDRUNS")
COMPARE = ("compare", DATASET, "--from", "random", WEIGHTS, "--learning-rates", "1e-3", "--budget", "6", *HOW, *WHERE)
RUN = ("run", "--dataset", DATASET, "--initializer", WEIGHTS, "--seed", "3", *HOW, *WHERE)

CACHES = {"matplotlib", "torchinductor"}
"""What libraries keep outside of the run store, as docs/running.md says."""


def plant(home: Path) -> None:
    """A dataset and weights."""
    folder, chance = home / "PLANTEDROOT" / "PLANTEDFOLDER", np.random.default_rng(0)
    (folder / "PLANTEDIMAGES").mkdir(parents=True)
    lines = ["PLANTEDIMAGE,PLANTEDLABEL,PLANTEDPATIENT,PLANTEDSPLIT"]
    for number in range(36):
        name, shown = f"PLANTEDIMAGES/PLANTEDFILE{number}.png", number % 2
        Image.fromarray((chance.integers(0, 100, (28, 28)) + 80 * shown).astype("uint8")).save(folder / name)
        split = ("train", "validation", "test")[number // 12]
        lines.append(f"{name},{shown},PLANTEDPERSON{number // 2},{split}")
    (folder / "PLANTEDTABLE.csv").write_text("\n".join(lines) + "\n")
    tensors = BACKBONES.build("tiny(width=4)").state_dict()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, home / "PLANTED weights.safetensors")


def holds(path: Path) -> bool:
    """Whether a file holds a planted name, also in what is compressed in a page."""
    content = path.read_bytes()
    inside = unpacked(content.decode()) if path.suffix == ".html" else []
    return PLANTED.encode() in content or any(PLANTED in text for text in inside)


def leaks(*folders: Path) -> list[str]:
    """Files that hold a planted name, or have it in theirs."""
    files = [path for folder in folders for path in (folder.rglob("*") if folder.is_dir() else [folder])]
    return [str(path) for path in files if PLANTED in path.name or (path.is_file() and holds(path))]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a comparison and a run were made, with folders of its own for all that is written elsewhere."""
    home = tmp_path_factory.mktemp("home") / "PLANTEDHOME"
    plant(home)
    others = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "MPL"))}
    for name in others:
        (home / "elsewhere" / name).mkdir(parents=True)
        environment[name] = str(home / "elsewhere" / name)
    environment["PYTHONPATH"] = str(PROJECT)
    for command in (COMPARE, RUN):
        done = subprocess.run(
            [sys.executable, "-m", "medtransfer", *command],
            cwd=home, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stderr
    return home


def test_nothing_that_leaves_holds_a_name_of_the_users(home: Path) -> None:
    (page,) = home.glob("compare-*.html")
    assert len(list((home / "PLANTEDRUNS" / "wandb").rglob("*.wandb"))) == 4 + 1 + 1  # runs, a table, a run
    assert {path.suffix for path in (home / "tables").iterdir()} == {
        ".csv", ".tex", ".md", ".json", ".png", ".svg", ".pdf",
    }  # fmt: skip
    assert leaks(home / "tables", home / "PLANTEDRUNS" / "wandb", page) == []
    assert leaks(home / "PLANTEDRUNS"), "the run store's own records say what was done with what"


def test_nothing_but_caches_of_libraries_is_written_elsewhere(home: Path) -> None:
    written = [path.relative_to(home / "elsewhere") for path in (home / "elsewhere").rglob("*")]
    beside = [path for path in written if len(path.parts) > 1 and path.parts[1].partition("_")[0] not in CACHES]
    assert beside == []
    assert {path.name.partition("-")[0] for path in home.iterdir()} == {
        "PLANTEDROOT", "PLANTEDRUNS", "PLANTED weights.safetensors", "compare", "tables", "elsewhere",
    }  # fmt: skip


def test_the_result_is_printed_before_wandb_gets_it_and_its_fault_is_one_warning(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = []

    def broken(*_: object) -> int:
        before.append(capsys.readouterr())
        raise MemoryError("no\nroom")

    monkeypatch.chdir(home)
    monkeypatch.setattr("experiments.session.mirroring.mirror", broken)
    assert main(RUN) == 0
    ((printed, _),) = before
    assert "auroc: " in printed
    out, err = capsys.readouterr()
    assert (out, err.count("warning"), len(err.splitlines())) == ("", 1, 1)
    assert "warning: no. The results" in err


ERRORS = [
    DataError("PLANTED: no such column"),
    WeightsError("PLANTED weights.pth does not fit"),
    StorageError("/home/PLANTED/runs could not be written"),
    UsageError("folder(PLANTED): no"),
    RunError("/home/PLANTED folder/runs is damaged"),
    RunError(r"C:\PLANTED\runs is damaged"),
    RunError('the run "PLANTED" is damaged'),
    KeyError("PLANTED"),
    ValueError("PLANTED is no number"),
    OSError(5, "Input/output error", "/home/PLANTED"),
    FileNotFoundError(2, "No such file", "PLANTED"),
    RuntimeError("cannot read PLANTED.png"),
    RunError("the pretraining 0123456789ab that it starts from failed: ValueError: PLANTED is no number"),
    RunError("recipe: compiled=True, and torch.compile failed (RuntimeError: PLANTED). Install a compiler."),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_of_a_failure_a_table_says_what_no_name_is_in(error: Exception) -> None:
    finished = failed("k" * 64, error, Path("/home/PLANTED/runs/attempts/x/log.txt"))
    told = reason(finished)
    assert PLANTED not in told
    assert told
    if not isinstance(error, MedtransferError):
        assert told == f"{ELSE} ({type(error).__name__})"


@pytest.mark.parametrize(
    "text",
    [
        "the loss is nan in epoch 3, step 12, at the learning rate 0.1. Lower the learning rate.",
        "its worker ended with signal SIGKILL",
        "3 tensors, such as layer1.0.conv1.weight, are not finite after epoch 2, at the learning rate 0.1.",
    ],
)
def test_what_names_nothing_is_said_as_it_is(text: str) -> None:
    assert reason(Finished("k" * 64, f"{text}\nmore", RunError.exit_status)) == text


def test_a_table_with_failed_runs_names_no_file_in_any_format(tmp_path: Path) -> None:
    made = document()
    why = "; ".join(reason(failed("k" * 64, error, Path("/home/PLANTED/log.txt"))) for error in ERRORS)
    cells = made.cells | {("gone", "B"): Cell((), f"seed 1 failed: {why}")}
    made = document(cells=cells, rows=(*made.rows[:1], ("good | *best*", passed_on(WEIGHTS)), *made.rows[2:]))
    write_all(made, tmp_path / "tables")
    (tmp_path / "page.html").write_text(render("A report", [Illustrated(made)]))
    mirror([of_table(made)], tmp_path / "PLANTEDRUNS", "offline")
    assert leaks(tmp_path / "tables", tmp_path / "page.html", *(tmp_path / "PLANTEDRUNS").iterdir()) == []


@pytest.mark.parametrize("text", [WEIGHTS, f"mean_var({WEIGHTS})", "file('/home/PLANTED/x.pth')"])
def test_files_of_a_users_own_are_told_apart_and_not_named(text: str) -> None:
    other = text.replace("PLANTED", "PLANTEDTOO")
    for told in (passed_on, lambda one: public_title(INITIALIZERS, one)):
        assert PLANTED not in told(text)
        assert told(text) != told(other)


@pytest.mark.parametrize(
    "text",
    [
        "imagenet",
        "{source}",
        "mean_var({source})",
        'supervised("{domain}")',
        'transfuse(imagenet, "layer2")',
        "supervised('medmnist(\"pneumoniamnist\")')",
    ],
)
def test_an_expression_that_names_nothing_private_stays_as_somebody_wrote_it(text: str) -> None:
    assert passed_on(text) == text
