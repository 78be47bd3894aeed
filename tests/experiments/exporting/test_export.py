"""`medtransfer export` of a run whose folders, files, columns and patients have PLANTED in their names."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import medtransfer as mt
from experiments.cli.command_line import main
from experiments.exporting import onnx_graph
from experiments.exporting.onnx_graph import check_packages, write_onnx
from experiments.reporting.formats.files import write_all
from experiments.run.restored import trained_network
from experiments.run.store import PREDICTIONS, Record, RunStore
from experiments.tables.document import RunLine
from initializers.formats.embedded_card import card_in, description
from specs.errors import UsageError
from tests.experiments.example_race import SETTLED, race
from tests.experiments.reporting.test_privacy import DATASET, WEIGHTS, leaks, plant

ALONE = """
import runpy, sys
for name in ("torch", "torchvision", "timm", "safetensors", "medtransfer", "cv2"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script, the first argument, in a process where importing any of these fails."""

NOTICE = "For research; not a medical device."


@dataclass(frozen=True)
class Made:
    home: Path
    record: Record
    folder: Path

    def card(self) -> str:
        return (self.folder / "README.md").read_text()

    def export(self, named: str, *options: str) -> int:
        return main(["export", named, "--data-root", "PLANTEDROOT", "--runs", "PLANTEDRUNS", *options])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> Iterator[Made]:
    """The run, tested by ten crops, and its export with ONNX; weights that it starts from are not for commerce."""
    home = tmp_path_factory.mktemp("home") / "PLANTEDHOME"
    plant(home)
    weights, card = home / "PLANTED weights.safetensors", mt.Card(method="supervised", licence="CC-BY-NC-4.0")
    save_file(load_file(weights), weights, description(card, "tiny(width=4)", "0" * 64))
    settings = ("epochs=1", "crop_from=32", "test_time_augmentation=ten_crop")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        assert main([
            "run", "--dataset", DATASET, "--initializer", WEIGHTS, "--backbone", "tiny(width=4)", "--recipe",
            "phantom/smoke", *(word for one in settings for word in ("--set", one)), "--seed", "3", "--wandb",
            "disabled", "--data-root", "PLANTEDROOT", "--runs", "PLANTEDRUNS", *in_turn,
        ]) == 0  # fmt: skip
        (path,) = (home / "PLANTEDRUNS").glob("*/record.json")
        record = RunStore(home / "PLANTEDRUNS").published(path.parent.name)
        found = Made(home, record, home / "PLANTEDEXPORT")
        assert found.export(record.data["key"][:8], "--output", "PLANTEDEXPORT", "--onnx") == 0
        yield found


def test_the_export_is_whole_and_says_what_it_is(made: Made) -> None:
    sums = dict(reversed(line.split("  ")) for line in (made.folder / "SHA256SUMS").read_text().splitlines())
    assert {path.name for path in made.folder.iterdir()} - set(sums) == {"SHA256SUMS"}
    for name, digest in sums.items():
        assert sha256((made.folder / name).read_bytes()).hexdigest() == digest
        assert name == "README.md" or digest in made.card()
    told = json.loads((made.folder / "preprocessing.json").read_text())
    header = safe_open(made.folder / "network.safetensors", "np").metadata()
    onnx = onnxruntime.InferenceSession(made.folder / "model.onnx").get_modelmeta().custom_metadata_map
    assert told["notice"] == header["notice"] == onnx["notice"] == NOTICE
    assert NOTICE in made.card() and NOTICE in (made.folder / "predict_onnx.py").read_text()
    assert json.loads(header["preprocessing"]) == told
    assert not [path for path in made.folder.iterdir() if path.stat().st_mode & 0o444 != 0o444]


def test_no_file_of_it_holds_a_name_of_the_users_or_of_this_machine(made: Made) -> None:
    assert leaks(*made.folder.iterdir()) == []
    ids = pq.read_table(made.record.file(PREDICTIONS))["id"].to_pylist()
    here = (str(made.home.parent), str(Path(mt.__file__).parent.parent), "site-packages", "onnx_graph.py")
    for path in made.folder.iterdir():
        held = path.read_bytes()
        for name in (*ids, *here):
            assert name.encode() not in held, (path.name, name)


def test_a_script_without_torch_gives_the_stored_predictions_from_the_files(made: Made, tmp_path: Path) -> None:
    stored = pq.read_table(made.record.file(PREDICTIONS))
    images = [made.home / "PLANTEDROOT" / "PLANTEDFOLDER" / one for one in stored["id"].to_pylist()]
    moved = shutil.copytree(made.folder, tmp_path / "elsewhere")
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(moved / "predict_onnx.py"), *map(str, images)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    header, *lines = csv.reader(done.stdout.splitlines())
    assert header == ["image", "positive"]
    assert [line[0] for line in lines] == list(map(str, images))
    found = [float(line[1]) for line in lines]
    assert found == pytest.approx(stored["probability:positive"].to_pylist(), abs=1e-4)
    assert np.std(found) > 1e-3  # they are not all alike


def test_the_script_says_which_files_it_cannot_read(made: Made, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM")
    done = subprocess.run(
        [sys.executable, "-I", str(made.folder / "predict_onnx.py"), "a.dcm"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "a.dcm: it is no PNG, JPEG, TIFF or GIF. Of DICOM files and volumes save the images as PNG first."
    )


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_graph_gives_what_torch_does_in_batches_of_any_size(made: Made, batch: int) -> None:
    images = np.random.default_rng(batch).integers(0, 256, (batch, 1, 32, 32), dtype=np.uint8)
    expected = trained_network(made.record).probabilities(torch.from_numpy(images)).detach().numpy()
    session = onnxruntime.InferenceSession(made.folder / "model.onnx")
    (found,) = session.run(["probabilities"], {"image": images})
    assert (found.shape, found.dtype) == ((batch, 1), np.float32)
    assert np.abs(found - expected).max() <= 1e-5


def test_the_weights_start_another_network_and_bring_their_card(made: Made) -> None:
    path = made.folder / "network.safetensors"
    card = card_in(path)
    assert card is not None and (card.method, card.licence) == ("supervised", "CC-BY-NC-4.0")
    backbone = mt.BACKBONES.build("tiny(width=4)")
    report = mt.initialize(backbone, mt.INITIALIZERS.build(f'file("{path}")'), torch.Generator())
    assert sorted(report.dropped) == ["head.1.bias", "head.1.weight"]
    trained = trained_network(made.record).backbone.state_dict()
    assert all(torch.equal(tensor, trained[name]) for name, tensor in backbone.state_dict().items())


def test_the_cards_own_lines_load_the_network(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = [part.partition("```")[0] for part in made.card().split("```python\n")[1:]]
    monkeypatch.chdir(made.folder)
    images = torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
    names: dict[str, object] = {"images": images}
    exec(code, names)
    expected = trained_network(made.record).probabilities(images)
    assert torch.equal(names["probabilities"], expected)  # type: ignore[arg-type]


def test_the_card_says_what_was_trained_on_what_and_how_well(made: Made) -> None:
    card, scores = made.card(), made.record.data["outcome"]["scores"]
    assert card.startswith("---\nlicense: other\n")
    for title in (
        "Model details", "Uses", "Bias, risks and limitations", "How to get started", "Training details",
        "How this start was chosen", "Evaluation", "Licence", "Technical specifications", "How to verify",
    ):  # fmt: skip
        assert f"\n## {title}\n" in card
    assert "Not for commercial use: the network holds weights under CC-BY-NC-4.0." in card
    assert f"| auroc | {100 * scores['auroc']:.2f} | " in card and "- |" not in card.partition("| auroc |")[2][:30]
    assert "sensitivity at 90 % specificity" in card and "Expected calibration error" in card
    assert f"medtransfer verify {made.record.data['key'][:12]}" in card


def test_of_a_table_the_card_tells_the_comparison_that_chose_it(made: Made, tmp_path: Path) -> None:
    key, row = made.record.data["key"], SETTLED.order[0].row
    run = RunLine(key, row, "PneumoniaMNIST", 3, 0.9, 1.0, 1)
    table = dataclasses.replace(race(SETTLED), runs=(run,))
    (path,) = [one for one in write_all(table, tmp_path / "PLANTED") if one.suffix == ".json"]
    assert made.export(str(path), "--output", str(tmp_path / "of table"), "--seed", "3") == 0
    card = (tmp_path / "of table" / "README.md").read_text()
    assert "Start from ImageNet" in card and "How sure: at 95%" in card
    assert "This network starts from ImageNet. It is the run of seed 3" in card
    assert "| ImageNet | 90.00 ± 0.20 |" in card  # of 0.902, 0.898 and 0.9
    assert leaks(*(tmp_path / "of table").iterdir()) == []


def test_without_the_images_the_card_says_that_there_is_no_interval(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(made.record.folder, runs / made.record.folder.name)
    assert main(["export", made.record.data["key"], "--output", str(tmp_path / "out"), "--runs", str(runs),
                 "--data-root", str(tmp_path)]) == 0  # fmt: skip
    assert "the card tells no interval over test patients" in capsys.readouterr().err
    assert "it could not be made, since their images are not here" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "PLANTEDEXPORT"], "is there already and is not empty"),
        (["--output", "new", "--seed", "4"], "no run of seed 4 is among those that are meant; their seeds are 3"),
        (["--output", "new", "--timm"], "tiny(width=4) is none of timm's networks"),
        (["--output", "new", "--row", "A"], "a row or a column is of a table"),
    ],
)
def test_a_mistake_is_answered_with_the_remedy_and_leaves_nothing(
    options: list[str], message: str, made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(made.home.iterdir())
    assert made.export(made.record.data["key"][:8], *options) == 2
    assert message in capsys.readouterr().err
    assert set(made.home.iterdir()) == before


def test_packages_that_are_lacking_are_named_with_what_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnx_graph, "PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(UsageError, match=r"no_such_package is not installed. `pip install 'medtransfer\[export\]'`"):
        check_packages()


def test_a_network_that_no_file_could_hold_is_refused(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graph, "LARGEST", 10)
    with pytest.raises(UsageError, match=r"an ONNX file holds less than 2 GiB. Export it without --onnx"):
        write_onnx(trained_network(made.record), 1, 32, made.home / "model.onnx", {})
