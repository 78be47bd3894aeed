"""What a command's runs need is fetched and prepared by the command, from a publisher's server on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import save

from datamodules import medmnist
from datamodules.medmnist import MedMNIST
from datamodules.phantoms.phantom import ensure_phantom
from experiments.cli.command_line import main
from experiments.execution.worker import planned
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.session.providing import provide
from experiments.session.session import Session
from initializers.hf import Hf
from initializers.publishing.store import PublishedFile
from initializers.publishing.variable import VARIABLE
from specs.errors import DataError, UsageError, WeightsError
from specs.expression import parse
from tests.experiments.smoke import spec
from tests.initializers.contract import seeded, tiny
from tests.publisher import Server, serving

PNEUMONIA = 'medmnist("pneumoniamnist")'
SHARED = f'hf("somebody/weights", "model.safetensors", "{"0123456789" * 4}")'
NPZ, MODEL = "/records/1/files/pneumoniamnist.npz?download=1", "/model.safetensors"
RECIPE = ("--recipe", "phantom/smoke", "--set", "epochs=1", "--set", "image_size=12", "--wandb", "disabled")
RUN = ("run", "--dataset", PNEUMONIA, "--initializer", f"{SHARED} on tiny(width=8)", *RECIPE)
COMPARE = ("compare", PNEUMONIA, "--from", "random", SHARED, "--backbone", "tiny(width=8)", *RECIPE)
WANTED = spec(SHARED, edition="real", backbone=parse("tiny(width=8)"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "RUNS", "CACHE"):
        monkeypatch.delenv(f"MEDTRANSFER_{name}", raising=False)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    return tmp_path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of MedMNIST and weights for a tiny network, by their addresses at the publisher's."""
    aside = tmp_path_factory.mktemp("published")
    npz = ensure_phantom(parse(PNEUMONIA), aside) / "pneumoniamnist.npz"
    return {NPZ: npz.read_bytes(), MODEL: save(tiny().draw(seeded(3)))}


@pytest.fixture
def publisher(home: Path, published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves the two files; gives its host and port."""
    monkeypatch.setitem(medmnist.MD5["pneumoniamnist"], 28, hashlib.md5(published[NPZ]).hexdigest())
    with serving(b"", monkeypatch) as address:
        monkeypatch.setattr(Server, "files", dict(published))
        monkeypatch.setattr(MedMNIST, "homepage", f"{address}/records/1")
        file = PublishedFile("model.safetensors", "https://example.org/terms", f"{address}{MODEL}")
        monkeypatch.setattr(Hf, "file", file)
        yield address.removeprefix("http://")


def test_a_run_fetches_its_files_and_weights_once_after_a_line_of_each(
    publisher: str, home: Path, in_turn: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, *in_turn]) == 0
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if line.startswith("fetching ")]
    size = {path: f"{len(content) / 1000:.1f} kB" for path, content in Server.files.items()}
    assert [line.partition("; by fetching")[0] for line in lines] == [
        f"fetching pneumoniamnist.npz of medmnist from {publisher}: {size[NPZ]}, CC BY 4.0 (http://{publisher}/records/1)",
        f"fetching model.safetensors from {publisher}: {size[MODEL]}, see https://example.org/terms",
    ]
    assert all(line.endswith("you accept its terms.") for line in lines)
    assert "auroc: " in printed.out
    assert (home / "data" / "medmnist" / "FETCHED.json").is_file()
    assert (home / "weights" / "records" / "model.safetensors.json").is_file()
    assert main([*RUN, "--set", "epochs=2", "--dry-run"]) == 0
    assert "1 of 1 runs to do" in capsys.readouterr().out
    assert Server.paths == [NPZ, MODEL]


@pytest.mark.parametrize(
    "command",
    [
        RUN,
        ("pretrain", f'continual({SHARED}, on="medmnist")', "--backbone", "tiny(width=8)", *RECIPE),
        COMPARE,
    ],
    ids=lambda command: str(command[0]),
)
def test_a_dry_run_says_what_would_be_fetched_and_asks_nobody(
    command: tuple[str, ...], publisher: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--dry-run"]) == 0
    output = capsys.readouterr().out
    assert (
        f"would fetch pneumoniamnist.npz of medmnist from {publisher}: size unknown before the server is asked, CC BY"
        in output
    )
    assert f"would fetch model.safetensors from {publisher}: " in output
    assert "then runs are planned" in output
    assert main([*command, "--dry-run", "--json"]) == 0
    json.loads(capsys.readouterr().out)
    assert (Server.paths, [path.name for path in home.iterdir()]) == ([], [])


@pytest.mark.parametrize(
    ("command", "status"),
    [(RUN, 3), ((*RUN, "--edition", "phantom"), 4), (COMPARE, 3)],
    ids=["run", "weights alone", "compare"],
)
def test_offline_nothing_is_fetched_and_what_lacks_is_said_with_its_remedy(
    command: tuple[str, ...], status: int, publisher: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--dry-run"]):
        assert main([*command, "--offline", *more]) == status
        remedy = (
            "medtransfer fetch medmnist --data-root " if status == 3 else f"Download http://{publisher}{MODEL} and put"
        )
        assert remedy in capsys.readouterr().err
    assert Server.paths == []


def test_without_a_way_to_the_server_its_host_what_was_tried_and_the_remedy_are_said(
    publisher: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(MedMNIST, "homepage", "http://127.0.0.1:9/records/1")  # the port of the discard protocol
    assert main(COMPARE) == 3
    error = capsys.readouterr().err
    assert "the files of medmnist are needed, and fetching them from 127.0.0.1:9 failed" in error
    assert f"there is no way from here to http://127.0.0.1:9{NPZ}" in error
    assert f"fetch it by other means and put it at {home / 'data' / 'medmnist' / 'pneumoniamnist.npz'}" in error
    assert Server.paths == []  # the weights would be of no use


def test_what_asks_for_a_form_is_never_fetched_nor_what_would_be_of_no_use_without_it(
    publisher: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, "--dataset", "aptos2019"]) == 3
    assert "It is published at https://www.kaggle.com" in capsys.readouterr().err
    assert main(["compare", PNEUMONIA, "--from", "insdis", SHARED, "--backbone", "resnet50", *RECIPE]) == 3
    assert Server.paths == []


def test_a_dry_run_on_another_layout_says_so_instead_of_what_it_would_prepare(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "data" / "aptos2019").mkdir(parents=True)
    for more in ([], ["--dry-run"]):
        assert main(["run", "--dataset", "aptos2019", "--initializer", "random on tiny", *RECIPE, *more]) == 3
        printed = capsys.readouterr()
        assert "which holds nothing" in printed.err
        assert "prepare" not in printed.out
    assert not (home / "runs").exists()


def test_a_row_that_cannot_be_fetched_leaves_the_others_of_a_table(publisher: str, home: Path) -> None:
    said: list[str] = []
    session = Session(home, say=said.append)
    Server.files.pop(MODEL)
    provide([WANTED, spec(edition="real")], session.context, may_lack=True)
    assert [text.partition(" from ")[0] for text in said] == [
        "fetching pneumoniamnist.npz of medmnist", "the weights model.safetensors are needed, and fetching them",
    ]  # fmt: skip
    assert "answered 404" in said[1]
    session.resolve(spec(edition="real"))
    assert Server.paths == [NPZ, MODEL]


def test_a_worker_does_not_fetch_what_is_gone_since_the_plan(publisher: str, home: Path) -> None:
    session = Session(home)
    session.provide(WANTED)
    key = session.resolve(WANTED).key
    (home / "weights" / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"model\.safetensors are not in the store"):
        planned(WANTED.to_json(), key, Resolver(session.paths))
    (home / "data" / "medmnist" / "pneumoniamnist.npz").unlink()
    with pytest.raises(DataError, match="found no pneumoniamnist"):
        planned(WANTED.to_json(), key, Resolver(Paths.given()))
    assert Server.paths == [NPZ, MODEL]


def test_processes_that_were_started_together_do_not_all_fetch(
    publisher: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    with pytest.raises(UsageError, match="srun started this command 4 times"):
        Session(home).run(WANTED)
    assert Server.paths == []
