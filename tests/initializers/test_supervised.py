"""Supervised pretraining as an initializer, with the labels that are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from experiments.run.resolve import Resolver
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.errors import UsageError
from specs.expression import parse
from tests.experiments.smoke import paths_in, spec
from tests.initializers.contract import InitializerContract, seeded, tiny, trained_run

EXPRESSION = 'supervised(on="inat2021", labels="genus")'


class TestSupervised(InitializerContract):
    expression = EXPRESSION

    def test_it_requires_a_pretraining_with_these_labels_from_random_weights(self) -> None:
        (need,) = build(EXPRESSION).requires()
        assert need.initializer == parse("random")
        assert need.dataset.arguments()["labels"] == "genus"
        assert build('supervised(on="imagenet", recipe="a/b")').requires()[0].recipe == "a/b"

    def test_its_card_names_the_labels_that_it_saw(self) -> None:
        assert build(EXPRESSION).card().training_data == ('inat2021(labels="genus")',)
        assert build('supervised(on="imagenet")').card().training_data == ("imagenet",)

    def test_the_backbone_gets_what_the_run_left(self, tmp_path: Path) -> None:
        weights_of, tensors = trained_run(tmp_path)
        backbone = tiny()
        initialize(backbone, build(EXPRESSION), seeded(0), weights_of)
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())


def test_all_spellings_of_one_pretraining_are_one_run(tmp_path: Path) -> None:
    resolver = Resolver(paths_in(tmp_path))

    def needed(text: str) -> str:
        return resolver.resolve(spec(text)).requires[0].key

    spellings = [
        "fractals", 'supervised(on="fractals")', 'supervised(on="fractals", labels="fine")',
        "supervised(on=\"fractals(labels='fine')\")", 'continual(random, on="fractals")',
    ]  # fmt: skip
    assert len({needed(text) for text in spellings}) == 1
    assert len({resolver.resolve(spec(text)).key for text in spellings}) == 1
    assert needed('supervised(on="fractals", labels="coarse")') != needed("fractals")


def test_labels_of_a_level_or_a_file_make_runs_of_their_own(tmp_path: Path) -> None:
    resolver = Resolver(paths_in(tmp_path))
    keys = {
        resolver.resolve(spec(text)).requires[0].key
        for text in (
            'supervised(on="imagenet")', 'supervised(on="imagenet", labels="coarse.csv")',
            'supervised(on="inat2021")', 'supervised(on="inat2021", labels="kingdom")',
        )
    }  # fmt: skip
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('supervised(on="chestxray14", labels="fine")', "chestxray14 has one kind of labels"),
        ('supervised(on="inat2021", labels="genera")', 'value for argument labels.*"genera"'),
        ('supervised(on="imagenets")', 'unknown dataset "imagenets"'),
    ],
)
def test_labels_that_a_dataset_does_not_have_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build(text)
