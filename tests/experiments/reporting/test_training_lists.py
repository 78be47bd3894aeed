"""Beside the mark of a collection a table says what the list of training images says of the test split."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from experiments.reporting.blocks.training_lists import ListedTest, ListedTests, in_words, training_lists
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.run.public_names import public_initializer
from experiments.run.resolve import Resolver
from experiments.run.store import Record
from experiments.tables.listed import telling_lists
from initializers.loading.contract import build
from initializers.publishing.variable import VARIABLE
from specs.expression import parse
from tests.experiments.example_table import document, notes
from tests.experiments.gathered import gathering
from tests.experiments.smoke import paths_in, spec

CELL = ("good | *best*", "B")


def said_of(**changes: object) -> ListedTest:
    return dataclasses.replace(ListedTest("none", 624, 0, 0, 600, 0), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (said_of(), "none of the 624 test images is in the list of training images, which names other images"),
        (said_of(verdict="images", listed=3, patients_listed=2), "3 of the 624 test images are in the list"),
        (said_of(verdict="images", listed=3, ambiguous=4), "; of 4 more it is not sure"),
        (said_of(verdict="patients", patients_listed=2), "other images of 2 of the 600 test patients are"),
        (said_of(verdict="unclear", ambiguous=4), "4 of the 624 test images may be in the list"),
        (said_of(verdict="nothing"), "if it names copies of them otherwise, this shows nothing"),
    ],
)
def test_what_is_said_follows_from_the_verdict(found: ListedTest, said: str) -> None:
    assert said in in_words(found)


def test_it_stands_beside_the_mark_and_is_kept_with_the_table(tmp_path: Path) -> None:
    made = document(overlaps={CELL: ("chestxray14",)}).with_part(ListedTests({CELL: said_of()}))
    assert any(note.startswith("‡ good | *best* on B: none of the 624 test images") for note in notes(made))
    (tmp_path / "table.json").write_text(to_json(made))
    assert read_table(tmp_path / "table.json").part(ListedTests) == made.part(ListedTests)
    with pytest.raises(ValueError, match="expected a cell of the table"):
        training_lists().check(made.with_part(ListedTests({("no", "such"): said_of()})))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    save_file({"weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    (tmp_path / "names.csv").write_text("a.png\n")
    return f'file("{tmp_path}/w.safetensors", trained_on=("chestxray14",), training_images="{tmp_path}/names.csv")'


def test_lists_tell_where_all_weights_that_are_marked_have_one(weights: str, tmp_path: Path) -> None:
    bare = f'file("{tmp_path}/w.safetensors", trained_on=("chestxray14",))'

    def lists(initializer: str, dataset: str = "rsna_pneumonia") -> tuple[Path, ...]:
        return telling_lists(parse(initializer), parse(dataset), "real")

    assert lists(weights) == lists(f"mean_var({weights})") == (tmp_path / "names.csv",)
    assert lists(weights, "drive") == ()  # nothing is marked
    assert lists(bare) == lists(f"batch_norm({weights}, {bare})") == ()  # no list tells what these have seen
    assert lists(f"batch_norm({weights}, imagenet)") == (tmp_path / "names.csv",)
    assert lists(f'continual({weights}, on="chestxray14")') == ()  # trained on here, and no list says on what
    rad_dino = f'hf("microsoft/rad-dino", "a", "{"0" * 40}", trained_on=("chestxray14",))'
    assert lists(rad_dino) == ()  # it is not in the store, and nothing is fetched
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "rad-dino--training_images.csv").write_text("a.png\n")
    assert lists(rad_dino) == (tmp_path / "weights" / "rad-dino--training_images.csv",)


def test_the_list_of_a_file_is_no_part_of_what_identifies_a_run(weights: str) -> None:
    without, _, _ = weights.partition(", training_images")
    assert build(weights).identity() == build(f"{without})").identity()
    assert "names.csv" not in public_initializer(parse(weights))


def test_a_finished_table_is_held_against_the_lists_of_its_weights(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    listed, where, dataset = tmp_path / "seen.txt", paths_in(tmp_path), 'medmnist("pneumoniamnist")'
    said = f'file("{tmp_path}/w.safetensors", trained_on=(\'{dataset}\',), training_images="{listed}")'
    run = spec(said, dataset)
    tested = Resolver(where).index(run).test
    made = gathering(Record(tmp_path, {"spec": run.to_json()}), where)
    listed.write_text("\n".join(sample.id for sample in tested[:3]))
    found = training_lists().gather(made)
    assert isinstance(found, ListedTests)
    assert found.cells["r", "A"] == ListedTest("images", len(tested), 3, 0, len(tested), 3)
    listed.write_text("")
    assert training_lists().gather(made) == ListedTests({}, (("r", "A"),))
    unread = document().with_part(ListedTests({}, (CELL,)))
    assert any("could not be read; `medtransfer weights overlap` says why" in note for note in notes(unread))
