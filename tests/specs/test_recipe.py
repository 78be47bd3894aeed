"""Recipes: checked when they are made, the same after JSON, changed one setting at a time."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specs.errors import UsageError
from specs.recipe import Recipe
from specs.recipe_parts import (
    SGD,
    Adam,
    AdamW,
    BrightnessContrast,
    Constant,
    Cosine,
    Elastic,
    Gamma,
    HorizontalFlip,
    Larc,
    Lars,
    MultiStep,
    OneOf,
    Plateau,
    RandomResizedCrop,
    Rotate,
    SizedCrop,
    VerticalFlip,
    Views,
)
from specs.run import canonical_json

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

BASE = Recipe(image_size=32, batch_size=4, epochs=2, optimizer=Adam(1e-3))

rates = st.floats(1e-8, 1.0)
shares = st.floats(0.0, 1.0)
optimizers = st.one_of(
    st.builds(Adam, rates, shares),
    st.builds(AdamW, rates, shares, st.sampled_from(["all", "weights"]), shares),
    st.builds(SGD, rates, shares, shares, st.sampled_from(["all", "weights"])),
    st.builds(Lars, rates, shares, shares, rates, st.none() | rates, st.booleans()),
    st.builds(Larc, rates, shares, shares, rates),
)
schedules = st.one_of(
    st.just(Constant()),
    st.builds(Plateau, shares, st.integers(1, 9)),
    st.builds(Cosine, st.integers(0, 9), shares),
    st.builds(MultiStep, st.lists(st.integers(0, 99), max_size=3).map(tuple), shares),
)
augmentations = st.one_of(
    st.builds(HorizontalFlip, shares),
    st.builds(VerticalFlip, shares),
    st.builds(Rotate, st.floats(0.0, 180.0), shares),
    st.builds(RandomResizedCrop, shares, shares),
    st.builds(BrightnessContrast, shares, shares),
    st.builds(Elastic, st.floats(1.0, 200.0), st.floats(1.0, 20.0), shares, st.floats(0.0, 9.0)),
)
singles = augmentations
augmentations = st.one_of(singles, st.builds(OneOf, st.lists(singles, min_size=1, max_size=3).map(tuple), shares))
views = st.builds(Views, st.integers(1, 8), st.integers(1, 256), st.lists(augmentations, max_size=3).map(tuple))
recipes = st.builds(
    Recipe,
    image_size=st.integers(1, 512),
    batch_size=st.integers(1, 512),
    epochs=st.integers(1, 100),
    optimizer=optimizers,
    schedule=schedules,
    interval=st.none() | st.integers(1, 500),
    early_stopping=st.none() | st.integers(1, 20),
    selection=st.sampled_from(["loss", "metric"]),
    adaptation=st.sampled_from(["full", "head", "lora(rank=4)", "probe", 'freeze(through="layer2")']),
    loss=st.sampled_from(["auto", "bce", "dice", "bce_dice"]),
    augmentation=st.lists(augmentations, max_size=4).map(tuple),
    normalization=st.sampled_from(["card", "imagenet", "none"]),
    dropout=st.floats(0.0, 0.9),
    test_time_augmentation=st.sampled_from(["none", "flip"]),
    precision=st.sampled_from(["32", "bf16"]),
    batch_norm=st.sampled_from(["local", "sync"]),
    memory_format=st.sampled_from(["auto", "contiguous", "channels_last", "channels_last_small"]),
    compiled=st.booleans(),
    deterministic=st.booleans(),
    threads=st.integers(1, 8),
)


@unhurried
@given(recipes)
def test_a_recipe_survives_json(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(canonical_json(recipe.to_json()))) == recipe


@unhurried
@given(recipes, st.lists(views, min_size=1, max_size=3).map(tuple), st.sampled_from(["train", "train+test"]))
def test_views_survive_json_and_text(recipe: Recipe, made: tuple[Views, ...], images: Any) -> None:
    method = dataclasses.replace(recipe, augmentation=(), method="swav", views=made, images=images, adaptation="full")
    assert Recipe.from_json(json.loads(canonical_json(method.to_json()))) == method


def test_a_recipe_that_was_stored_before_a_step_had_a_setting_is_read_with_its_default() -> None:
    stored = BASE.to_json() | {"augmentation": [{"name": "elastic", "alpha": 120.0, "sigma": 6.0, "p": 0.3}]}
    assert Recipe.from_json(stored).augmentation == (Elastic(120.0, 6.0, 0.3, affine=0.0),)


@unhurried
@given(recipes)
def test_json_writes_every_setting_out_but_later_ones_that_change_nothing(recipe: Recipe) -> None:
    named = "trained" if recipe.adaptation in ("full", "head") else "adaptation"
    fields = set(Recipe.__dataclass_fields__) - {"decoder", "class_weights", "sampling", "adaptation"}
    assert set(recipe.to_json()) == fields | {named}


def test_settings_that_adamw_did_not_have_at_first_are_written_only_where_they_change_something() -> None:
    def written(optimizer: AdamW) -> Any:
        return dataclasses.replace(BASE, optimizer=optimizer).to_json()["optimizer"]

    assert written(AdamW(0.1)) == {"name": "adamw", "learning_rate": 0.1, "weight_decay": 0.01}
    assert written(AdamW(0.1, 0.0, "weights", 0.95)) == {
        "name": "adamw", "learning_rate": 0.1, "weight_decay": 0.0, "decayed": "weights", "beta2": 0.95,
    }  # fmt: skip


def test_a_whole_number_where_a_float_is_meant_is_the_same_recipe() -> None:
    settings: dict[str, Any] = {"image_size": 32, "batch_size": 4, "epochs": 2}
    whole = Recipe(**settings, optimizer=SGD(1, 0), dropout=0, augmentation=[Rotate(7, 1)])  # type: ignore[arg-type]
    exact = Recipe(**settings, optimizer=SGD(1.0, 0.0), dropout=0.0, augmentation=(Rotate(7.0, 1.0),))
    assert canonical_json(whole.to_json()) == canonical_json(exact.to_json())


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("epochs", "3", 3),
        ("dropout", "0", 0.0),
        ("interval", "500", 500),
        ("interval", "None", None),
        ("early_stopping", "5", 5),
        ("early_stopping", "None", None),
        ("selection", "metric", "metric"),
        ("selection", '"metric"', "metric"),
        ("adaptation", "head", "head"),
        ("adaptation", "lora(rank=8)", "lora"),
        ("adaptation", 'freeze("layer2")', 'freeze(through="layer2")'),
        ("precision", "32", "32"),
        ("precision", "bf16", "bf16"),
        ("optimizer", "sgd(0.1, momentum=0.5)", SGD(0.1, 0.5)),
        ("optimizer", "adamw(1)", AdamW(1.0)),
        ("optimizer", 'adamw(1, decayed="weights", beta2=0.95)', AdamW(1.0, 0.01, "weights", 0.95)),
        ("schedule", "cosine(2)", Cosine(2)),
        ("schedule", "constant", Constant()),
        ("schedule", "multi_step([120, 160])", MultiStep((120, 160), 0.1)),
        ("optimizer", "lars(0.2, bias_learning_rate=0.0048)", Lars(0.2, 0.9, 0.0, 0.001, 0.0048)),
        ("optimizer", "larc(4.8, weight_decay=1e-6)", Larc(4.8, 0.9, 1e-6, 0.001)),
        ("optimizer", 'sgd(0.1, decayed="weights")', SGD(0.1, 0.9, 0.0, "weights")),
        ("augmentation", "", ()),
        ("augmentation", "one_of(gamma, sized_crop(0.5), p=0.3)", (OneOf((Gamma(), SizedCrop(0.5)), 0.3),)),
        ("augmentation", "rotate(10)", (Rotate(10.0),)),
        ("augmentation", "elastic(100, 5, 0.5, affine=3.6)", (Elastic(100.0, 5.0, 0.5, 3.6),)),
        ("augmentation", "rotate(p=1), horizontal_flip", (Rotate(7.0, 1.0), HorizontalFlip())),
    ],
)
def test_one_setting_is_changed_by_text(setting: str, text: str, value: object) -> None:
    changed = BASE.override({setting: text})
    assert getattr(changed, setting) == value and type(getattr(changed, setting)) is type(value)
    others = {name for name in Recipe.__dataclass_fields__ if name != setting}
    assert all(getattr(changed, name) == getattr(BASE, name) for name in others)


def test_the_first_name_of_the_adaptation_is_still_read_and_stored() -> None:
    assert BASE.override({"trained": "head"}) == dataclasses.replace(BASE, adaptation="head")
    assert BASE.override({"trained": "all"}) == BASE
    stored = dataclasses.replace(BASE, adaptation="head").to_json()
    assert stored["trained"] == "head" and "adaptation" not in stored
    assert Recipe.from_json(stored).adaptation == "head"
    assert BASE.to_json()["trained"] == "all"
    assert dataclasses.replace(BASE, adaptation="probe").to_json()["adaptation"] == "probe"
    for wrong in ({"trained": "lora"}, {"trained": "head", "adaptation": "head"}):
        with pytest.raises(UsageError, match="trained is the first name of adaptation and takes all or head"):
            BASE.override(wrong)


@pytest.mark.parametrize(
    ("setting", "text", "message"),
    [
        ("adaptation", "hed", 'unknown adaptation "hed". Did you mean "head"'),
        ("adaptation", "lora(rank=half)", "argument rank of lora: expected int"),
        ("epoch", "3", 'unknown recipe setting "epoch". Did you mean "epochs"'),
        ("epochs", "0", "epochs must be at least 1, found 0"),
        ("epochs", "3.5", r"expected int, found 3\.5"),
        ("epochs", "True", "expected int, found True"),
        ("epochs", "1, 2", 'epochs takes one value, found "1, 2"'),
        ("epochs", "x=3", 'epochs takes one value, found "x=3"'),
        ("epochs", "", "epochs takes one value, found"),
        ("epochs", "1)(2", "not an expression"),
        ("dropout", "1", r"dropout must be in \[0, 1\), found 1\.0"),
        ("threads", "0", "threads must be at least 1"),
        ("interval", "0", "interval must be at least 1"),
        ("early_stopping", "0", "early_stopping must be at least 1"),
        ("selection", "metrik", 'unknown value for argument selection.*Did you mean "metric"'),
        ("precision", "16", "precision"),
        ("optimizer", "sgdd(1)", 'unknown optimizer "sgdd". Did you mean "sgd"'),
        ("optimizer", "adam", "missing a required argument: 'learning_rate'"),
        ("optimizer", "adam(0)", "learning rate must be positive"),
        ("optimizer", "adam(lr=1)", 'unknown argument of adam.*"lr"'),
        ("schedule", "step", 'unknown schedule "step"'),
        ("augmentation", "a=rotate", 'augmentation takes a list.*found "a=rotate"'),
        ("augmentation", "flip", "unknown augmentation"),
        ("augmentation", "3", "augmentation takes a name with arguments, found 3"),
        ("augmentation", "one_of", "one_of takes single steps, found none"),
        ("augmentation", "one_of(one_of(rotate))", "one_of takes single steps, found OneOf"),
        ("augmentation", "one_of(rotate, q=1)", 'unknown argument of one_of.*"q"'),
        ("augmentation", "one_of(rotate, p=rotate)", "is an expression where a literal|argument p of one_of"),
    ],
)
def test_a_setting_that_does_not_exist_or_fit_is_refused_by_name(setting: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BASE.override({setting: text})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimiser": {}}, 'unknown recipe setting "optimiser". Did you mean "optimizer"'),
        ({"optimizer": "adam"}, "optimizer takes an object"),
        ({"optimizer": {"name": "adam"}}, "learning_rate"),
        ({"optimizer": {"learning_rate": 0.1}}, "unknown optimizer"),
        ({"augmentation": ["rotate"]}, "augmentation takes an object"),
        ({"augmentation": None}, "augmentation|recipe"),
        ({"augmentation": [{"name": "one_of", "p": 0.5}]}, "one_of takes an object of name, steps and p"),
        ({"augmentation": [{"name": "one_of", "p": "x", "steps": [{"name": "rotate"}]}]}, "argument p of one_of"),
        ({"epochs": "3"}, 'expected int, found "3"'),
        ({"dropout": [0.1]}, "expected float"),
    ],
)
def test_json_that_does_not_fit_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Recipe.from_json(BASE.to_json() | change)


def test_views_are_given_as_text_and_belong_to_a_method() -> None:
    small = "views(6, 96, random_resized_crop(0.05, largest=0.14))"
    text = f"views(2, 224, random_resized_crop(0.14), horizontal_flip), {small}"
    found = BASE.override({"method": "swav", "views": text}).views
    assert found == (
        Views(2, 224, (RandomResizedCrop(0.14), HorizontalFlip())),
        Views(6, 96, (RandomResizedCrop(0.05, largest=0.14),)),
    )
    with pytest.raises(UsageError, match="found no method"):
        BASE.override({"views": "views(2, 224)"})
    with pytest.raises(UsageError, match="found augmentation too"):
        BASE.override({"method": "swav", "views": "views(2, 224)", "augmentation": "rotate"})
    with pytest.raises(UsageError, match=r'images="train\+test" is for self-supervised methods'):
        BASE.override({"images": '"train+test"'})
    for wrong, message in [
        ("views(0, 224)", "whole number from 1 as count, found 0"),
        ("views(2, 22.4)", r"as image_size, found 22\.4"),
        ("views(2)", r"written as views\(COUNT, SIZE, STEP, \.\.\.\), found views\(2\)"),
        ("rotate", r"written as views.*found rotate"),
        ("views(2, 224, flip)", "unknown augmentation"),
    ]:
        with pytest.raises(UsageError, match=message):
            BASE.override({"method": "swav", "views": wrong})
    with pytest.raises(UsageError, match="views take an object of count, image_size, augmentation"):
        Recipe.from_json(BASE.to_json() | {"views": [{"count": 2}]})


def test_json_that_lacks_a_setting_without_a_default_is_refused() -> None:
    data = BASE.to_json()
    del data["epochs"]
    with pytest.raises(UsageError, match=r"epochs missing"):
        Recipe.from_json(data)
    with pytest.raises(UsageError, match="expected an object of settings"):
        Recipe.from_json([])  # type: ignore[arg-type]


def test_a_method_trains_the_backbone_so_it_takes_no_recipe_of_the_head_alone() -> None:
    with pytest.raises(
        UsageError, match=r"adaptation='head' says how a network learns from labels, and the method byol"
    ):
        dataclasses.replace(BASE, method="byol", adaptation="head")


def test_a_decoder_is_written_out_where_it_is_named_and_goes_with_no_method() -> None:
    assert "decoder" not in BASE.to_json()
    named = BASE.override({"decoder": "upernet"})
    assert named.to_json()["decoder"] == "upernet"
    assert Recipe.from_json(named.to_json()) == named
    with pytest.raises(UsageError, match="decoder=upernet is for segmentations, and the method byol has none"):
        dataclasses.replace(named, method="byol")
