"""Keys: two different results never share one, and two spellings of one run never have two."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from datamodules.phantoms.phantom import ensure_phantom
from datamodules.prepared.preparation import prepare
from datamodules.shenzhen import Shenzhen
from experiments.run import identified
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun, Resolver
from lightning_modules.pretraining.moco_v1 import moco_v1
from lightning_modules.self_supervision.method import Method
from specs.errors import DataError, UsageError, WeightsError
from specs.expression import parse
from specs.recipe import Form
from specs.recipe_parts import SGD, Adam, Constant, HorizontalFlip, Views
from specs.registry import BACKBONES, DATASETS, METHODS
from specs.run import RunSpec, canonical_json
from tests.experiments.drawn_folder import DATASET, draw_folder
from tests.experiments.smoke import paths_in, spec


def key(made: RunSpec, folder: Path) -> str:
    return Resolver(paths_in(folder)).resolve(made).key


def test_defaults_written_out_or_not_give_one_key(tmp_path: Path) -> None:
    short = spec("mean_var(fractals)", 'medmnist("pneumoniamnist")')
    long = spec("mean_var(source=fractals(recipe=None))", 'medmnist(flag="pneumoniamnist", size=28)')
    assert key(short, tmp_path) == key(long, tmp_path)
    wordy = dataclasses.replace(short.recipe, schedule=short.recipe.schedule, batch_norm="local", threads=1)
    assert key(dataclasses.replace(short, recipe=wordy), tmp_path) == key(short, tmp_path)


def test_whole_numbers_and_floats_of_one_value_give_one_key(tmp_path: Path) -> None:
    recipe = spec().recipe
    one = dataclasses.replace(recipe, optimizer=Adam(1))
    other = dataclasses.replace(recipe, optimizer=Adam(1.0))
    assert key(spec(recipe=one), tmp_path) == key(spec(recipe=other), tmp_path)


def test_weights_of_one_pretraining_have_one_key_under_any_name(tmp_path: Path) -> None:
    named = spec('fractals(recipe="phantom/smoke_pretraining")')
    spelled = spec('continual(random, on="fractals")')
    assert key(spec("fractals"), tmp_path) == key(named, tmp_path) == key(spelled, tmp_path)


def test_a_changed_pretraining_recipe_changes_only_the_runs_that_start_from_it(tmp_path: Path) -> None:
    longer = dataclasses.replace(recipe_named("phantom/smoke_pretraining"), epochs=3)
    assert key(spec("random", pretraining=longer), tmp_path) == key(spec("random"), tmp_path)
    for initializer in ("fractals", "mean_var(fractals)", 'continual(fractals, on="medmnist")'):
        assert key(spec(initializer, pretraining=longer), tmp_path) != key(spec(initializer), tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"backbone": parse("tiny(width=5)")},
        {"initializer": "fractals"},
        {"dataset": 'medmnist("breastmnist")'},
        {"stage": "pretrain"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_changes_the_result_changes_the_key(changes: dict[str, object], tmp_path: Path) -> None:
    assert key(spec(**changes), tmp_path) != key(spec(), tmp_path)  # type: ignore[arg-type]


def test_every_recipe_setting_enters_the_key(tmp_path: Path) -> None:
    recipe = spec().recipe
    other = {
        "image_size": 29, "batch_size": 31, "epochs": 5, "optimizer": Adam(1e-4), "schedule": Constant(),
        "early_stopping": 2, "selection": "metric", "loss": "bce", "augmentation": (), "normalization": "imagenet",
        "pipeline": "exact", "stored_size": "source", "resampling": "nearest", "crop_from": 40, "interval": 2,
        "dropout": 0.3, "test_time_augmentation": "flip", "precision": "bf16", "batch_norm": "sync", "threads": 2,
        "class_weights": "balanced", "sampling": "balanced",
        "adaptation": "head", "memory_format": "channels_last", "compiled": True, "deterministic": True,
    }  # fmt: skip
    elsewhere = {"method", "views", "images", "decoder"}  # of pretrainings; of masks, in test_named_decoder.py
    assert {*other} | elsewhere == set(recipe.__dataclass_fields__)
    keys = {key(spec(recipe=dataclasses.replace(recipe, **{name: value})), tmp_path) for name, value in other.items()}  # type: ignore[arg-type]
    assert len(keys | {key(spec(), tmp_path)}) == len(other) + 1


def test_what_an_optimizer_decays_enters_the_key_where_it_is_not_everything(tmp_path: Path) -> None:
    def resolved(optimizer: SGD) -> ResolvedRun:
        recipe = dataclasses.replace(spec().recipe, optimizer=optimizer)
        return Resolver(paths_in(tmp_path)).resolve(spec(recipe=recipe))

    usual, spared = resolved(SGD(0.1, 0.9, 1e-4)), resolved(SGD(0.1, 0.9, 1e-4, "weights"))
    before = {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 1e-4}
    assert usual.identity["recipe"]["optimizer"] == before  # as keys had it when there was no choice
    assert spared.identity["recipe"]["optimizer"] == before | {"decayed": "weights"}


def test_a_pretraining_of_the_head_alone_is_refused(tmp_path: Path) -> None:
    head = dataclasses.replace(spec().recipe, adaptation="head")
    with pytest.raises(UsageError, match="an adaptation is for fine-tuning on a task"):
        key(spec(stage="pretrain", recipe=head), tmp_path)
    with pytest.raises(UsageError, match="an adaptation is for fine-tuning on a task"):
        key(spec("fractals", pretraining=head), tmp_path)


def test_the_observations_that_are_scored_enter_the_key(tmp_path: Path) -> None:
    keys = {
        key(spec(dataset=text), tmp_path)
        for text in ("chexpert", "chexpert(scored=None)", 'chexpert(scored=("Consolidation",))')
    }
    assert len(keys) == 2


def test_the_method_and_its_settings_enter_a_pretrainings_key_however_they_are_written(tmp_path: Path) -> None:
    def pretraining(method: str | None) -> str:
        recipe = dataclasses.replace(spec().recipe, method=method, selection="last")
        return key(spec(stage="pretrain", recipe=recipe), tmp_path)

    written = [None, "byol", "simclr_v1", "simclr_v1(temperature=0.2)"]
    assert len({pretraining(method) for method in written}) == len(written)
    assert pretraining("simclr_v1") == pretraining("simclr_v1(temperature=0.1)") == pretraining("simclr_v1()")


def newer_moco_v1(
    dimensions: int = 128, queue: int = 65536, momentum: float = 0.999, temperature: float = 0.07, groups: int = 8
) -> Method:
    """MoCo-v1 as it would be if the same settings gave other weights than before."""
    return moco_v1(dimensions, queue, momentum, temperature, groups)._replace(version=2)


def test_a_methods_version_enters_the_key_from_the_second_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = dataclasses.replace(spec().recipe, method="moco_v1", selection="last")
    made, resolver = spec(stage="pretrain", recipe=recipe), Resolver(paths_in(tmp_path))
    first = resolver.resolve(made)
    assert METHODS.build("moco_v1").version == 1
    assert "method_version" not in first.identity["recipe"]
    entry = dataclasses.replace(METHODS.entries["moco_v1"], module=__name__, attribute="newer_moco_v1")
    monkeypatch.setattr(METHODS, "entries", METHODS.entries | {"moco_v1": entry})
    second = resolver.resolve(made)
    assert second.key != first.key
    assert second.identity["recipe"] == first.identity["recipe"] | {"method_version": 2}


def test_the_version_of_augmentation_enters_the_keys_of_runs_that_albumentations_augments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identified, "AUGMENTATION_VERSION", 99)
    resolver = Resolver(paths_in(tmp_path))

    def enters(stage: Literal["pretrain", "finetune"] = "finetune", **settings: Any) -> bool:
        recipe = dataclasses.replace(spec().recipe, **settings)
        identity = resolver.resolve(spec(stage=stage, recipe=recipe)).identity["recipe"]
        return bool(identity.get("augmentation_version") == 99)

    flip = (HorizontalFlip(),)
    assert enters(augmentation=flip)
    assert not enters(augmentation=())
    assert not enters(augmentation=flip, pipeline="fast")
    byol = {"stage": "pretrain", "method": "byol", "selection": "last"}
    assert enters(**byol, augmentation=flip, pipeline="fast")  # views are by albumentations whatever it says
    assert enters(**byol, augmentation=(), views=(Views(1, 28, ()), Views(1, 28, flip)))
    assert not enters(**byol, augmentation=(), views=(Views(2, 28, ()),))


def test_a_pretrainings_images_and_views_enter_its_key(tmp_path: Path) -> None:
    base = dataclasses.replace(spec().recipe, method="byol", selection="last", augmentation=())
    views = (Views(2, 28, ()),)
    recipes = [base, dataclasses.replace(base, images="train+test"), dataclasses.replace(base, views=views)]
    assert len({key(spec(stage="pretrain", recipe=recipe), tmp_path) for recipe in recipes}) == 3
    needed = [
        Resolver(paths_in(tmp_path)).resolve(spec(f'ssl("byol", on="fractals"{more})')).requires[0]
        for more in ("", ', images="train+test"')
    ]
    assert [one.spec.recipe.images for one in needed] == ["train", "train+test"]
    assert needed[0].key != needed[1].key


def test_the_edition_enters_the_key_even_where_the_files_are_the_same(tmp_path: Path) -> None:
    phantom = ensure_phantom(parse("medmnist"), tmp_path / "phantoms")
    shutil.copytree(phantom, tmp_path / "data" / "medmnist")
    assert key(spec(edition="real"), tmp_path) != key(spec(edition="phantom"), tmp_path)


def test_an_edition_that_is_drawn_in_another_way_has_another_folder_and_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What identifies pixels that are not digested at each start is the version of their drawing.
    drawn = spec(dataset="shenzhen")
    before = paths_in(tmp_path).root(drawn.dataset, "phantom"), key(drawn, tmp_path)
    monkeypatch.setattr(Shenzhen, "phantom_version", Shenzhen.phantom_version + 1)
    after = paths_in(tmp_path).root(drawn.dataset, "phantom"), key(drawn, tmp_path)
    assert after[0] != before[0]
    assert after[1] != before[1]


def test_a_changed_split_list_or_label_changes_the_key(tmp_path: Path) -> None:
    root = tmp_path / "data" / "chestxray14"
    shutil.copytree(ensure_phantom(parse("chestxray14"), tmp_path / "phantoms"), root)
    real = spec(dataset="chestxray14", edition="real")
    folder = paths_in(tmp_path).prepared(parse("chestxray14"), "real")
    prepare(DATASETS.build("chestxray14"), root, folder, [Form(8)], jobs=1)
    before = key(real, tmp_path)
    entries = root / "Data_Entry_2017_v2020.csv"
    text = entries.read_text()
    entries.write_text(text.replace("No Finding", "Hernia", 1))
    relabelled = key(real, tmp_path)
    entries.write_text(text)
    assert key(real, tmp_path) == before
    names = (root / "test_list.txt").read_text().split()
    (root / "test_list.txt").write_text("\n".join(names[:-3]) + "\n")
    assert len({before, relabelled, key(real, tmp_path)}) == 3


def test_a_weight_file_enters_by_its_bytes_not_by_its_path(tmp_path: Path) -> None:
    backbone = BACKBONES.build("tiny(width=4)")
    first, copy = tmp_path / "a.pth", tmp_path / "elsewhere.pth"
    torch.save(backbone.weights(), first)
    shutil.copyfile(first, copy)
    assert key(spec(f'file("{first}")'), tmp_path) == key(spec(f'file("{copy}")'), tmp_path)
    before = key(spec(f'file("{first}")'), tmp_path)
    torch.save({name: tensor + 1 for name, tensor in backbone.weights().items()}, first)
    assert key(spec(f'file("{first}")'), tmp_path) != before
    with pytest.raises(WeightsError, match=r"b\.pth.*Did you mean a\.pth"):
        key(spec(f'file("{tmp_path / "b.pth"}")'), tmp_path)


def test_no_path_enters_the_identity(tmp_path: Path) -> None:
    torch.save(BACKBONES.build("tiny(width=4)").weights(), tmp_path / "a.pth")
    resolved = Resolver(paths_in(tmp_path)).resolve(spec(f'mean_var(file("{tmp_path / "a.pth"}"))'))
    assert str(tmp_path) not in canonical_json(resolved.identity)
    assert key(spec(), tmp_path) == key(spec(), tmp_path / "other")


def test_a_spec_file_gives_the_key_of_the_spec(tmp_path: Path) -> None:
    made = spec("continual(fractals, on=\"medmnist('chestmnist')\")")
    assert key(RunSpec.from_json(json.loads(json.dumps(made.to_json()))), tmp_path) == key(made, tmp_path)


def test_a_continual_run_needs_its_source_first(tmp_path: Path) -> None:
    resolved = Resolver(paths_in(tmp_path)).resolve(spec('mean_var(continual(fractals, on="medmnist"))'))
    order = [(run.spec.stage, run.spec.dataset.name, run.spec.seed) for run in resolved.closure().values()]
    assert order == [("pretrain", "fractals", 0), ("pretrain", "medmnist", 0), ("finetune", "medmnist", 0)]


def test_pretraining_without_a_recipe_or_on_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no recipe is given.*--pretraining"):
        key(spec("fractals", pretraining=None), tmp_path)
    with pytest.raises(UsageError, match=r"drive.*image labels"):
        key(spec('continual(random, on="drive")'), tmp_path)


def test_a_mistyped_recipe_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="phantom/segmentation"):
        recipe_named("phantom/segmentaton")


def test_two_ways_to_choose_the_same_samples_are_one_run(tmp_path: Path) -> None:
    index = DATASETS.build("drive").index(ensure_phantom(parse("drive"), tmp_path / "runs" / "phantoms"))
    for name in ("train", "validation", "test"):
        (tmp_path / f"{name}.txt").write_text("\n".join(sample.id for sample in index.split(name)))
    listed = spec(dataset=f'drive(splits="{tmp_path}")')
    assert key(listed, tmp_path) == key(spec(dataset="drive"), tmp_path)
    part = spec(dataset="drive(fraction=0.5)")
    assert key(part, tmp_path) != key(spec(dataset="drive"), tmp_path)
    assert key(part, tmp_path) == key(spec(dataset="drive(fraction=0.499)"), tmp_path)


def test_epochs_are_not_selected_by_a_score_that_the_validation_images_do_not_have(tmp_path: Path) -> None:
    """All patients of the validation split are healthy: its AUROC is undefined after every epoch."""
    labels = {"train": [0, 1], "validation": [0, 0], "test": [0, 1]}
    root = draw_folder(tmp_path / "data" / "ward", labels)
    where = Paths(tmp_path / "data", tmp_path / "runs", tmp_path / "prepared")
    prepare(DATASETS.build(DATASET), root, where.prepared(parse(DATASET), "real"), [Form(8)], jobs=1)
    resolver = Resolver(where)

    def of(selection: str) -> RunSpec:
        made = spec("random", DATASET)
        return dataclasses.replace(
            made,
            edition="real",
            recipe=dataclasses.replace(made.recipe, selection=selection),  # type: ignore[arg-type]
        )

    with pytest.raises(DataError, match=r"it has 0 images with nodule and 2 without\. .*--set selection=loss"):
        resolver.resolve(of("metric"))
    assert resolver.resolve(of("loss")).key != resolver.resolve(of("last")).key
