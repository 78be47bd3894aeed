"""The chain of licences behind a network, and what is said of its use."""

from __future__ import annotations

import dataclasses

import pytest

from experiments.exporting.licences import Link, chain, verdict
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
