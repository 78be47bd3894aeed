"""A shortcut: any dataset with an artifact that goes with the label in training and not in testing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from datamodules.dataset.contract import SPLITS, Dataset
from datamodules.dataset.innermost import innermost
from datamodules.dataset.sample import Sample
from datamodules.phantoms.phantom import ensure_phantom, phantom_root
from datamodules.pipeline.artifacts import stripes, tag
from datamodules.pipeline.pixels import images_of
from datamodules.planted import Planted
from datamodules.prepared.opening import open_dataset
from datamodules.shortcut import Shortcut
from specs.errors import UsageError
from specs.expression import parse
from specs.recipe import Form
from specs.registry import DATASETS
from specs.titles import title
from tests.datamodules.contract import DatasetContract

NOWHERE = Path()
TARGET = parse('planted("plenty")')


class TestShortcutOfDrawnImages(DatasetContract):
    expression = 'shortcut(planted("features"), "frequency", strength=0.8)'
    drawn = ()


class TestShortcutOfOwnFolder(DatasetContract):
    expression = 'shortcut(folder("ward", classes=("ill",), patient="patient"), label="ill")'


def made(expression: str) -> Shortcut:
    found = DATASETS.build(expression)
    assert isinstance(found, Shortcut)
    return found


def shares(dataset: Shortcut, split: str) -> dict[bool, float]:
    """The share of images with the artifact, by whether they show its class."""
    found: dict[bool, list[bool]] = {True: [], False: []}
    for sample in dataset.index(NOWHERE).split(split):  # type: ignore[arg-type]
        shows = dataset.shows(sample)
        assert shows is not None
        found[shows].append(dataset.has_artifact(sample, split))  # type: ignore[arg-type]
    return {shows: float(np.mean(has)) for shows, has in found.items()}


@pytest.mark.parametrize("strength", [0.5, 0.75, 0.9, 1.0])
def test_in_training_the_artifact_goes_with_the_label_for_the_stated_share(strength: float) -> None:
    """Of 400 images of each class; four standard deviations of a share are 0.1 at most."""
    found = shares(Shortcut(TARGET, strength=strength), "train")
    assert found == {True: pytest.approx(strength, abs=0.1), False: pytest.approx(1 - strength, abs=0.1)}
    if strength == 1:
        assert found == {True: 1.0, False: 0.0}


def test_in_testing_it_is_in_half_of_the_images_whatever_their_label() -> None:
    for strength in (0.9, 1.0):
        found = shares(Shortcut(TARGET, strength=strength), "test")
        assert found == {True: pytest.approx(0.5, abs=0.12), False: pytest.approx(0.5, abs=0.12)}


def test_validation_is_as_training_so_that_picking_by_it_does_not_see_through_the_artifact() -> None:
    assert shares(Shortcut(TARGET, strength=1.0), "validation") == {True: 1.0, False: 0.0}


def test_tests_may_have_it_in_all_images_or_in_none_and_training_stays_the_same() -> None:
    for testing, share in (("always", 1.0), ("never", 0.0)):
        dataset = Shortcut(TARGET, testing=testing)  # type: ignore[arg-type]
        assert shares(dataset, "test") == {True: share, False: share}
        assert shares(dataset, "train") == shares(Shortcut(TARGET), "train")


def test_which_images_have_it_depends_on_their_names_alone() -> None:
    dataset = Shortcut(TARGET)
    samples = dataset.index(NOWHERE).train
    fewer = dataclasses.replace(dataset, fraction=0.25).index(NOWHERE).train
    assert {one.id for one in fewer} == {one.id for one in Planted("plenty", fraction=0.25).index(NOWHERE).train}
    before = {one.id: dataset.has_artifact(one, "train") for one in samples}
    assert all(dataset.has_artifact(one, "train") == before[one.id] for one in fewer)
    other = dataclasses.replace(dataset, artifact="frequency")
    assert [other.has_artifact(one, "test") for one in samples] != [
        dataset.has_artifact(one, "test") for one in samples
    ]


def test_of_several_classes_it_goes_with_one_and_images_without_a_label_toss_a_coin() -> None:
    organs = made('shortcut(medmnist("organamnist"), label="liver", strength=1.0)')
    liver = organs.task.classes.index("liver")
    assert [organs.shows(Sample("x", "x", (float(n),), "")) for n in (liver, 0)] == [True, False]
    findings = made('shortcut(medmnist("chestmnist"), strength=1.0)')
    assert findings.going_with == "atelectasis"
    unlabelled = [Sample(f"{n}", f"{n}", (float("nan"),) * 14, "") for n in range(200)]
    assert {findings.shows(one) for one in unlabelled} == {None}
    assert np.mean([findings.has_artifact(one, "train") for one in unlabelled]) == pytest.approx(0.5, abs=0.14)


@pytest.mark.parametrize(("artifact", "drawn"), [("tag", tag), ("frequency", stripes)])
@pytest.mark.parametrize("form", [Form(24), Form(16, "antialiased")])
def test_networks_see_it_at_the_size_that_they_train_on(artifact: str, drawn: object, form: Form) -> None:
    dataset = Shortcut(TARGET, artifact)  # type: ignore[arg-type]
    opened = open_dataset(dataset, "it", NOWHERE, NOWHERE / "nothing", "drawn")
    plain = open_dataset(Planted("plenty"), "it", NOWHERE, NOWHERE / "nothing", "drawn")
    for split in SPLITS:
        shown = images_of(opened, split, form)
        bare = images_of(plain, split, form)
        assert len(shown) == len(bare) and shown.extents is None
        places = list(range(12))
        for place, one, other in zip(places, shown.read(places), bare.read(places), strict=True):
            has = dataset.has_artifact(opened.index.split(split)[place], split)
            wanted = drawn(other.image) if has else other.image  # type: ignore[operator]
            assert np.array_equal(one.image, wanted)


def test_one_shortcut_may_be_put_over_another() -> None:
    both = made('shortcut(shortcut(planted("plenty"), testing="always"), "frequency", testing="always")')
    sample = both.index(NOWHERE).test[0]
    image = np.full((24, 24), 100, np.uint8)
    assert np.array_equal(both.shown(image, sample, "test"), stripes(tag(image)))
    assert innermost(parse(str(DATASETS.bind('shortcut(shortcut(planted("plenty")))')))).name == "planted"


def test_test_images_are_grouped_by_the_artifact_and_by_whether_it_agrees() -> None:
    dataset = Shortcut(TARGET)
    groups = dataset.grouped(NOWHERE)
    assert list(groups) == ["synthetic tag", "synthetic tag and label"]
    for sample in dataset.index(NOWHERE).test:
        has, shows = dataset.has_artifact(sample, "test"), sample.target[0] == 1
        assert groups["synthetic tag"][sample.id] == ("with it" if has else "without it")
        assert groups["synthetic tag and label"][sample.id] == ("agree" if has == shows else "contradict")
    assert Shortcut(TARGET, testing="never").grouped(NOWHERE) == {}


def test_it_has_the_files_and_the_phantom_edition_of_the_dataset_inside(tmp_path: Path) -> None:
    whole, inside = parse('shortcut(medmnist("breastmnist"))'), parse('medmnist("breastmnist")')
    assert phantom_root(whole, tmp_path) == phantom_root(inside, tmp_path)
    root = ensure_phantom(whole, tmp_path)
    altered, plain = DATASETS.build(whole), DATASETS.build(inside)
    assert altered.index(root).identity() == plain.index(root).identity()
    assert (altered.open_files, altered.licence, altered.homepage) == (plain.open_files, plain.licence, plain.homepage)
    assert altered.taken_from == plain.taken_from
    assert (altered.version, plain.version) == (1001, 1)


def test_readers_are_told_that_the_artifact_is_synthetic() -> None:
    assert title(DATASETS, 'shortcut(medmnist("pneumoniamnist"))') == "PneumoniaMNIST with a synthetic tag"
    said = title(DATASETS, 'shortcut(medmnist("pneumoniamnist"), "frequency", strength=0.75, testing="never")')
    assert said == "PneumoniaMNIST with a synthetic stripe pattern, in 75 % with the label, in no test image"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("shortcut(drive)", r"drive has masks, and an artifact goes with a label\. Take a dataset of a classification"),
        ('shortcut(planted("plenty"), strength=0.4)', r"strength is a share from 0\.5 to 1, found 0\.4"),
        ('shortcut(planted("plenty"), label="brihgt")', r'class of planted "brihgt"\. Did you mean "bright"'),
        ('shortcut(planted("plenty", fraction=0.5))', r"fraction is said of planted, inside\. Say it of the whole"),
        ("shortcut(imagenet)", r"imagenet tells its classes by its files alone.*Name the classes in its arguments"),
    ],
)
def test_what_no_artifact_can_go_with_is_refused(expression: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DATASETS.build(expression)


def test_other_datasets_show_networks_what_they_read() -> None:
    opened = open_dataset(Planted("plenty"), "it", NOWHERE, NOWHERE / "nothing", "drawn")
    first: Dataset = opened.dataset
    (stored,) = images_of(opened, "test", Form(24)).read([3])
    assert np.array_equal(stored.image, first.read_image(NOWHERE, opened.index.test[3]))
