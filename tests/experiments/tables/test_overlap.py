"""Weights that may have seen a test set: noticed, marked in tables, refused in the papers' protocol."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from experiments.cli.command_line import main
from experiments.reporting.formats.json_format import to_plain
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.run.recipes import recipe_named
from experiments.tables.overlap import Overlap, overlap
from experiments.tables.table import Column, Row, Table
from specs.errors import UsageError
from specs.expression import parse
from tests.experiments.example_table import document, terminal

NIH = Overlap("shared", ("chestxray14",))
OCT = "continual(fractals, on=\"medmnist('octmnist')\")"


@pytest.mark.parametrize(
    ("initializer", "dataset", "expected"),
    [
        ('domain_adapted("chexpert")', "chexpert", Overlap("same", ("chexpert",))),
        ('batch_norm(imagenet, domain_adapted("chexpert"))', "chexpert", Overlap("same", ("chexpert",))),
        ('batch_norm(domain_adapted("chexpert"))', "chexpert", Overlap("same", ("chexpert",))),
        ('mean_var(domain_adapted("chexpert"))', "chexpert", Overlap("same", ("chexpert",))),
        ('transfuse(domain_adapted("chexpert"), "layer2")', "chexpert", Overlap("same", ("chexpert",))),
        ('domain_adapted("chestxray14")', "chestxray14", Overlap("same", ("chestxray14",))),
        ('domain_adapted("chestxray14")', "rsna_pneumonia", NIH),
        ('domain_adapted("chestxray14")', "siim_acr", NIH),
        ('domain_adapted("chestxray14")', 'medmnist("chestmnist")', NIH),
        ('domain_adapted("chestxray14")', "chexpert", None),
        ("imagenet_mimic", "chestxray14", None),
        ("imagenet", "chestxray14", None),
        ("random", "chestxray14", None),
        ('continual(imagenet, on="rsna_pneumonia")', "chestxray14", NIH),
        ('continual(imagenet, on="rsna_pneumonia")', "siim_acr", NIH),
        ('continual(imagenet, on="chestxray14(fraction=0.1)")', "chestxray14", NIH),
        (OCT, 'medmnist("pneumoniamnist")', Overlap("shared", ("kermany2018",))),
        (OCT, 'medmnist("chestmnist")', None),
        (OCT, 'medmnist("octmnist")', Overlap("same", ('medmnist(flag="octmnist")',))),
        (OCT, 'medmnist("octmnist", size=64)', Overlap("shared", ("kermany2018",))),
        ("continual(random, on=\"folder('a', classes=('x',))\")", 'folder("b", classes=("x",))', None),
    ],
)  # fmt: skip
def test_what_weights_have_seen_of_a_test_set(initializer: str, dataset: str, expected: Overlap | None) -> None:
    assert overlap(parse(initializer), dataset, "real") == expected


def test_weights_of_ones_own_file_are_judged_by_what_the_user_says(tmp_path: Path) -> None:
    """TorchXRayVision's weights of the same images, for one."""
    save_file({"weight": torch.zeros(1)}, tmp_path / "nih.safetensors")
    said = f'file("{tmp_path}/nih.safetensors", trained_on=("chestxray14", "padchest"))'
    assert overlap(parse(said), "rsna_pneumonia", "real") == NIH
    assert overlap(parse(said.replace("chestxray14", "mimic_cxr")), "rsna_pneumonia", "real") is None


def test_phantom_images_are_drawn_for_each_dataset() -> None:
    assert overlap(parse('continual(random, on="rsna_pneumonia")'), "siim_acr", "phantom") is None
    found = overlap(parse('continual(random, on="siim_acr")'), "siim_acr", "phantom")
    assert found == Overlap("same", ("siim_acr",))


TABLE = Table(
    title="Chest x-rays",
    question="Which?",
    edition="real",
    protocol="small",
    weights="published",
    backbone="resnet50",
    rows=(Row("random", "random"), Row("NIH", 'domain_adapted("chestxray14")')),
    columns=(
        Column("PXS", "siim_acr", recipe_named("phantom/segmentation")),
        Column("ChestX-ray14", "chestxray14", recipe_named("phantom/chest")),
    ),
    reference="random",
    pretraining=None,
    seeds=1,
)


def test_a_table_of_the_papers_protocol_with_a_leak_is_refused_unless_it_is_meant() -> None:
    paper = dataclasses.replace(TABLE, protocol="paper")
    with pytest.raises(UsageError, match=r'test "NIH" on PXS, and those weights have seen images of ChestX-ray14'):
        paper.cells()
    with pytest.raises(UsageError, match="overlaps="):
        dataclasses.replace(TABLE, overlaps="refuse").cells()
    for meant in (TABLE, dataclasses.replace(paper, overlaps="mark")):
        assert all(len(runs) == 1 for runs in meant.cells().values())  # the document marks them
    dashed = dataclasses.replace(paper, overlaps="dash").cells()
    assert dashed["NIH", "ChestX-ray14"] == "the source is the target"  # the papers' "-"
    assert [len(dashed[place]) for place in (("NIH", "PXS"), ("random", "PXS"), ("random", "ChestX-ray14"))] == [
        1,
        1,
        1,
    ]


def test_weights_of_the_very_dataset_are_refused_in_the_papers_protocol_too() -> None:
    row = Row("CheXpert", 'domain_adapted("chexpert")')
    column = Column("CheXpert", "chexpert", recipe_named("phantom/chest"))
    table = dataclasses.replace(TABLE, rows=(TABLE.rows[0], row), columns=(column,), protocol="paper")
    with pytest.raises(UsageError, match="have seen images of CheXpert"):
        table.cells()


def test_a_leak_and_what_is_known_of_weights_are_said_wherever_the_table_is_shown() -> None:
    place = ("good | *best*", "B")
    made = document(overlaps={place: ("chestxray14",)}, remarks=(("good | *best*", "trained with other padding"),))
    assert made.symbol(place) == "‡"
    assert made.symbol(("random", "B")) == ""
    assert "81.33 ± 1.53** ‡" in to_markdown(made)
    assert r"\ddag{}" in to_latex(made)
    text = terminal(made)
    assert "have seen images of chestxray14" in " ".join(text.split())
    assert "trained with other padding." in text
    assert "#" in terminal(made, encoding="ascii")
    assert to_plain(made)["overlaps"] == [{"row": place[0], "column": "B", "value": ["chestxray14"]}]


def test_a_run_on_images_that_its_weights_have_seen_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["run", "--dataset", 'medmnist("pneumoniamnist")', "--edition", "phantom", "--backbone", "tiny"]
    run += ["--recipe", "phantom/smoke", "--pretraining", "phantom/smoke_pretraining", "--dry-run"]
    run += ["--runs", str(tmp_path), "--initializer"]
    assert main([*run, "continual(random, on=\"medmnist('pneumoniamnist')\")"]) == 0
    assert "warning: these weights have seen images of PneumoniaMNIST" in capsys.readouterr().err
    assert main([*run, "continual(random, on=\"medmnist('bloodmnist')\")"]) == 0
    assert "warning" not in capsys.readouterr().err
