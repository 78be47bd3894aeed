"""The chain of licences behind a network, and what is said of its use."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from experiments.tables.licences import LicencesOfWeights, Link, chain, licences_of, verdict
from initializers.formats.embedded_card import description
from specs.card import Card
from specs.expression import parse
from specs.run import Edition, RunSpec
from tests.experiments.smoke import spec

NOTHING = {"licence": None, "source": None, "method": "random", "training_data": []}


def of(dataset: str, edition: Edition = "real") -> RunSpec:
    return dataclasses.replace(spec(), dataset=parse(dataset), edition=edition)


@pytest.mark.parametrize(
    ("licence", "commercial"),
    [
        ("CC-BY-NC-4.0", "no"),
        ("CC BY-NC 4.0", "no"),
        ("cc-by-nc-sa-3.0", "no"),
        ("non-commercial research, on registration", "no"),
        ("free for research after registration", "no"),
        ("Apache-2.0", "yes"),
        ("BSD-3-Clause", "yes"),
        ("CC BY 4.0", "yes"),
        ("no restrictions, attribution asked for", "yes"),
        ("not stated", "unknown"),
        ("competition rules", "unknown"),
        ("Stanford University Dataset Research Use Agreement, after registration", "no"),
        ("see https://huggingface.co/a/b", "unknown"),
        ("yours", "unknown"),
    ],
)
def test_what_the_words_of_a_licence_say_of_commercial_use(licence: str, commercial: str) -> None:
    assert Link("weights", licence, "weights").commercial == commercial


def test_weights_that_are_not_for_commerce_say_so_first() -> None:
    card = NOTHING | {"licence": "CC-BY-NC-4.0", "training_data": ["imagenet"], "method": "MoCo-v2"}
    links = chain(of('medmnist("pneumoniamnist")'), "MoCo-v2", card)
    assert [(one.what, one.licence) for one in links] == [
        ("the starting weights, MoCo-v2", "CC-BY-NC-4.0"),
        ("the images that the starting weights saw, ImageNet", "non-commercial research, on registration"),
        ("the images of the fine-tuning, PneumoniaMNIST", "CC BY 4.0"),
    ]
    assert verdict(links) == (
        "Not for commercial use: the network holds weights under CC-BY-NC-4.0. Not for commercial use: the network was "
        "trained on images under non-commercial research, on registration."
    )


def test_of_several_files_the_licence_is_that_of_the_one_in_use() -> None:
    (link,) = chain(of('medmnist("dermamnist")'), "Random", NOTHING)
    assert (link.licence, link.commercial) == ("CC BY-NC 4.0", "no")


def test_drawn_images_and_random_weights_forbid_nothing() -> None:
    assert verdict(chain(of("drive", "phantom"), "Random", NOTHING)).startswith("No licence in the chain forbids")


def test_what_nobody_stated_is_said_to_be_open() -> None:
    links = chain(of('folder("x")'), "file-1a2b", NOTHING | {"method": "file", "training_data": ["their own scans"]})
    assert [one.commercial for one in links] == ["unknown"] * 3
    assert verdict(links) == (
        "Before you pass it on, read the terms of the starting weights, file-1a2b; the images that the starting "
        "weights saw, their own scans; the images of the fine-tuning, your images."
    )


def behind(initializer: str, backbone: str = "resnet50") -> dict[str, str]:
    """The licences of an initializer, by whose they are."""
    return {link.what: link.licence for link in licences_of(parse(initializer), parse(backbone)).links}


@pytest.mark.parametrize(
    ("initializer", "expected", "commercial"),
    [
        ("random", {}, "yes"),
        ("fractals", {}, "yes"),
        ("imagenet", {"ImageNet": "BSD-3-Clause"}, "yes"),
        ("moco_v2", {"MoCo-v2": "CC-BY-NC-4.0"}, "no"),
        ("mean_var(moco_v2)", {"MoCo-v2": "CC-BY-NC-4.0"}, "no"),
        ('continual(moco_v2, on="chexpert")', {"MoCo-v2": "CC-BY-NC-4.0"}, "no"),
        ('transfuse(continual(moco_v2, on="chexpert"), "layer2")', {"MoCo-v2": "CC-BY-NC-4.0"}, "no"),
        ("batch_norm(moco_v2, simclr_v2)", {"MoCo-v2": "CC-BY-NC-4.0", "SimCLR-v2": "Apache-2.0"}, "no"),
        ("batch_norm(barlow_twins, simclr_v2)", {"Barlow Twins": "MIT", "SimCLR-v2": "Apache-2.0"}, "yes"),
        ("radimagenet", {"RadImageNet": "not stated"}, "unknown"),
    ],
)
def test_a_row_has_the_licences_of_all_weights_that_it_is_made_of(
    initializer: str, expected: dict[str, str], commercial: str
) -> None:
    assert behind(initializer) == expected
    assert licences_of(parse(initializer), parse("resnet50")).commercial == commercial


def test_the_network_says_which_weights_are_meant() -> None:
    assert behind("imagenet", "efficientnet_lite0") == {"ImageNet": "Apache-2.0"}


def test_a_file_has_the_licences_that_its_header_states_and_else_an_unknown_one(tmp_path: Path) -> None:
    tensors = {"weight": torch.zeros(1)}
    for name, card in {
        "barred": Card(method="supervised", licence="CC-BY-NC-4.0"),  # trained here from such weights
        "own": Card(method="supervised"),  # trained here from random ones
    }.items():
        save_file(tensors, tmp_path / f"{name}.safetensors", description(card, "tiny", "0" * 64))
    save_file(tensors, tmp_path / "foreign.safetensors")

    def of(name: str) -> LicencesOfWeights:
        return licences_of(parse(f'mean_var(file("{tmp_path}/{name}.safetensors"))'), parse("tiny"))

    assert (of("barred").commercial, of("barred").licence) == ("no", "CC-BY-NC-4.0")
    assert (of("own").commercial, of("own").licence) == ("yes", "none needed")
    both = licences_of(parse(f'file("{tmp_path}/barred.safetensors", licence="MIT")'), parse("tiny"))
    assert (both.commercial, both.licence) == ("no", "CC-BY-NC-4.0; MIT")  # what the file states cannot be talked away
    assert (of("foreign").commercial, of("foreign").licence) == ("unknown", "not stated")
    read = licences_of(parse(f'file("{tmp_path}/foreign.safetensors", licence="MIT")'), parse("tiny"))
    assert (read.commercial, read.licence) == ("yes", "MIT")


def test_a_file_of_the_hub_has_the_licence_that_its_user_has_read() -> None:
    bare = f'hf("owner/name", "model.safetensors", "{"0" * 40}")'
    assert licences_of(parse(bare), parse("tiny")).commercial == "unknown"
    read = parse(bare.replace(")", ", licence='CC-BY-NC-4.0')"))
    assert licences_of(read, parse("tiny")).commercial == "no"


def test_why_weights_may_not_be_used_names_the_licence_and_whose_it_is() -> None:
    mixed = licences_of(parse("batch_norm(moco_v2, radimagenet)"), parse("resnet50"))
    assert mixed.why_not == (
        "CC-BY-NC-4.0, the licence of MoCo-v2, forbids commercial use, and no licence of RadImageNet is stated"
    )
    assert licences_of(parse("imagenet"), parse("resnet50")).why_not == ""
