"""One run takes a row's text as a comparison does: a name, weights and their network, each but the weights optional."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import medtransfer as mt
from experiments.cli.command_line import main
from specs.errors import UsageError
from specs.expression import parse

RUN = ["run", "--dataset", 'medmnist("pneumoniamnist", fraction=0.5)', "--edition", "phantom", "--dry-run"]
RUN += ["--recipe", "phantom/smoke", "--wandb", "disabled"]
PRETRAIN = ["pretrain", "--edition", "phantom", "--dry-run", "--wandb", "disabled"]
ASKED = {"dataset": "drive", "recipe": "phantom/smoke_segmentation"}


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def printed(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(command) == 0
    return capsys.readouterr().out


def test_a_row_names_the_run_its_weights_and_its_network(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed([*RUN, "--initializer", "Filters = gabor on tiny(width=4)"], capsys)
    _, title, *spec, _ = said.splitlines()
    assert title == ("Filters: PneumoniaMNIST, 50 % of the training images, from Gabor on Tiny, width 4, seed 0")
    assert json.loads("\n".join(spec))["initializer"].startswith("gabor(")


@pytest.mark.parametrize(
    "options",
    [
        ["--initializer", "random on tiny(width=4)"],
        ["--initializer", "From scratch = random", "--backbone", "tiny(4)"],
        ["--initializer", "From scratch = random on tiny(width=4)", "--backbone", "tiny(4)"],
    ],
)
def test_however_the_parts_are_given_it_is_the_same_run(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    plain = printed([*RUN, "--initializer", "random", "--backbone", "tiny(width=4)"], capsys).splitlines()
    given = printed([*RUN, *options], capsys).splitlines()
    assert given[0] == plain[0]  # the key
    assert given[2:] == plain[2:]  # the spec, which keeps no name
    assert given[1].removeprefix("From scratch: ") == plain[1]


def test_a_row_overrides_the_network_of_a_whole_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = printed([*RUN, "--initializer", "random on tiny(width=4)", "--json"], capsys)
    (tmp_path / "spec.json").write_text(spec)
    command = ["run", "--spec", "spec.json", "--dry-run", "--json", "--initializer"]
    wider = json.loads(printed([*command, "gabor on tiny(width=8)"], capsys))
    assert wider["backbone"].startswith("tiny(width=8") and wider["initializer"].startswith("gabor(")
    same = json.loads(printed([*command, "gabor"], capsys))
    assert same["backbone"] == json.loads(spec)["backbone"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--initializer", "A = random on tiny(width=4)", "--backbone", "tiny(8)"],
            "two networks are named: tiny(width=4)",
        ),
        (["--initializer", "random"], "--backbone missing"),
        (["--initializer", "random on tiny by lorra"], 'unknown adaptation "lorra"'),
        (["--initializer", "A = "], "not a row: 'A = '. Expected NAME = WEIGHTS on BACKBONE"),
    ],
)
def test_a_row_that_does_not_fit_is_answered_with_the_remedy(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, *arguments]) == UsageError.exit_status
    assert message in capsys.readouterr().err


def test_a_pretraining_takes_a_row_too(capsys: pytest.CaptureFixture[str]) -> None:
    weights = "ssl('byol', on='fractals')"
    _, title, *_ = printed([*PRETRAIN, f"Our own = {weights} on tiny(width=4)"], capsys).splitlines()
    assert title.startswith("Our own: BYOL pretraining on Fractals, from Random")
    assert title.endswith(" on Tiny, width 4, seed 0")
    assert main([*PRETRAIN, weights]) == UsageError.exit_status
    assert "a pretraining needs a network" in capsys.readouterr().err
    assert main([*PRETRAIN, f"{weights} on tiny", "--backbone", "resnet18"]) == UsageError.exit_status
    assert "two networks are named: tiny in" in capsys.readouterr().err


def test_a_session_reads_a_row_as_the_command_does() -> None:
    session = mt.Session(wandb="disabled")
    spec = session.spec(initializer="Filters = gabor on tiny(width=4)", **ASKED)  # type: ignore[arg-type]
    assert (spec.initializer, spec.backbone) == (mt.INITIALIZERS.bind("gabor"), mt.BACKBONES.bind("tiny(width=4)"))
    assert session.spec(initializer=parse("gabor"), backbone="tiny(width=4)", **ASKED) == spec  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="two networks are named"):
        session.spec(initializer="gabor on tiny", backbone="plain", **ASKED)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a run needs backbone too"):
        session.spec(initializer="gabor", **ASKED)  # type: ignore[arg-type]
