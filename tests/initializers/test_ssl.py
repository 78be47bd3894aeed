"""Self-supervised pretraining as an initializer: an edge of the run graph."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.errors import UsageError
from specs.expression import parse
from specs.registry import INITIALIZERS, METHODS
from tests.experiments.smoke import paths_in, spec
from tests.initializers.contract import InitializerContract, seeded, tiny, trained_run

EXPRESSION = 'ssl("moco_v2", on="chestxray14")'


class TestSsl(InitializerContract):
    expression = EXPRESSION

    def test_it_needs_the_pretraining_and_gives_what_that_left(self, tmp_path: Path) -> None:
        (need,) = build(EXPRESSION).requires()
        assert (str(need.initializer), need.method, need.recipe) == ("random", "moco_v2", None)
        assert need.dataset.name == "chestxray14"
        weights_of, tensors = trained_run(tmp_path)
        backbone = tiny()
        initialize(backbone, build(EXPRESSION), seeded(0), weights_of)
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())

    def test_its_card_names_method_and_data(self) -> None:
        card = build('ssl("byol", on="chexpert", source=imagenet)').card()
        assert card.method == "byol, self-supervised: instance discrimination"
        assert card.training_data == ("imagenet", "chexpert")


STARTS = {
    "zero": {
        "barlow_twins",  # facebookresearch/barlowtwins, main.py: zero_init_residual=True
        "simclr_v1",  # google-research/simclr, resnet.py: init_zero=True of a block's last batch norm
        "simclr_v2",  # the same
        "simsiam",  # facebookresearch/simsiam, simsiam/builder.py: zero_init_residual=True
        "vicreg",  # facebookresearch/vicreg, main_vicreg.py: zero_init_residual=True
    },
    "one": {
        "byol",  # google-deepmind/deepmind-research, byol/README.md: the paper's results, where dm-haiku now has zero
        "deepcluster_v2",  # facebookresearch/swav, src/resnet50.py: zero_init_residual=False
        "sela_v2",  # the same
        "swav",  # the same
        "dino",  # facebookresearch/dino, main_dino.py: torchvision's networks as they are
        "mae",  # a transformer has no such normalization
        "infomin",  # HobbitLong/PyContrast, networks/resnet.py: zero_init_residual=False
        "insdis",  # the same
        "pirl",  # the same
        "moco_v1",  # facebookresearch/moco, moco/builder.py: torchvision's networks as they are
        "moco_v2",  # the same
        "pcl_v1",  # salesforce/PCL, pcl/builder.py: torchvision's networks as they are
        "pcl_v2",  # the same
    },
}


@pytest.mark.parametrize("residual", STARTS)
def test_each_method_starts_from_the_random_weights_of_its_authors(residual: str) -> None:
    for method in STARTS[residual]:
        (need,) = build(f'ssl("{method}", on="fractals")').requires()
        assert INITIALIZERS.bind(need.initializer) == INITIALIZERS.bind(f'random(residual="{residual}")'), method
    assert STARTS["zero"] | STARTS["one"] == set(METHODS.entries)


def test_a_source_that_is_given_is_taken_as_it_is(tmp_path: Path) -> None:
    for expression in (
        'ssl("simclr_v1", on="fractals", source=random)',
        'continual(random, on="fractals", method="simclr_v1")',
    ):
        (need,) = build(expression).requires()
        assert need.initializer == INITIALIZERS.bind("random")
    resolver = Resolver(paths_in(tmp_path))
    keys = [
        resolver.resolve(spec(f'ssl("simclr_v1", on="fractals"{more})')).requires[0].key
        for more in ("", ', source=random(residual="zero")', ", source=random")
    ]
    assert keys[0] == keys[1] != keys[2]


def test_continual_pretraining_can_do_without_labels() -> None:
    initializer = build('continual(fractals, on="chexpert", method="simclr_v1")')
    (need,) = initializer.requires()
    assert (need.initializer.name, need.method) == ("fractals", "simclr_v1")
    assert initializer.card().method == "simclr_v1, self-supervised: instance discrimination"


@pytest.mark.parametrize(
    "expression", ['ssl("moco_v3", on="chestxray14")', 'continual(random, on="drive", method="x")']
)
def test_an_unknown_method_lists_the_near_ones(expression: str) -> None:
    with pytest.raises(UsageError, match=r"pretraining method"):
        build(expression)


def test_the_run_that_is_required_has_the_methods_own_recipe(tmp_path: Path) -> None:
    resolver = Resolver(paths_in(tmp_path))
    made = resolver.resolve(spec('ssl("simclr_v1", on="fractals")'))
    (needed,) = made.requires
    assert needed.spec.stage == "pretrain"
    assert needed.spec.recipe == recipe_named("phantom_ssl/simclr_v1")
    assert "temperature=0.2" in needed.identity["recipe"]["method"]
    labelled = resolver.resolve(spec('continual(random, on="fractals")')).requires[0]
    assert "method" not in labelled.identity["recipe"]
    assert labelled.key != needed.key
    # Images without labels are enough, so a dataset of masks will do.
    (needed,) = resolver.resolve(spec('ssl("byol", on="drive")')).requires
    assert needed.spec.dataset.name == "drive"


def test_a_recipe_of_another_method_and_a_fine_tuning_with_one_are_refused(tmp_path: Path) -> None:
    resolver = Resolver(paths_in(tmp_path))
    with pytest.raises(UsageError, match="is of no method, and byol is asked for"):
        resolver.resolve(spec('ssl("byol", on="fractals", recipe="phantom/pretraining")'))
    with pytest.raises(UsageError, match=r"which pretrains. Fine-tune with a recipe without a method"):
        resolver.resolve(spec(recipe=recipe_named("phantom_ssl/byol")))
    assert parse(EXPRESSION).name == "ssl"
