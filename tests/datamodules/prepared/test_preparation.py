"""Preparing: stored once, the same as decoding, resumable, harmless to each other, rebuilt only where it must be."""

from __future__ import annotations

import dataclasses
import errno
import multiprocessing
import os
import random
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datamodules.dataset.contract import Dataset, Index
from datamodules.files.resampling import resize, resize_mask
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.pipeline.pixels import images_of
from datamodules.prepared import preparation
from datamodules.prepared.opening import open_dataset
from datamodules.prepared.preparation import prepare
from datamodules.prepared.problems import ACCEPTED, Problem, find_problems, left_out, write_problems
from datamodules.prepared.storage import Prepared
from specs.errors import DataError, StorageError
from specs.expression import parse
from specs.recipe import Form
from specs.registry import DATASETS
from tests.experiments.processes import descendants, gone

FORMS = (Form(24), Form(16, "nearest"), Form("source"))


@pytest.fixture
def montgomery(tmp_path: Path) -> tuple[Dataset, Path]:
    return DATASETS.build("montgomery"), ensure_phantom(parse("montgomery"), tmp_path / "data")


@pytest.fixture
def shenzhen(tmp_path: Path) -> tuple[Dataset, Path]:
    root = tmp_path / "shenzhen"
    shutil.copytree(ensure_phantom(parse("shenzhen"), tmp_path / "data"), root)
    return DATASETS.build("shenzhen"), root


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Name, identity and time of change of every stored file but the manifest."""
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir() if path.suffix != ".npz"
    }


@pytest.mark.parametrize("expression", ["montgomery", "drive", "chexpert", "aptos2019"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_stored_is_what_decoding_gives(expression: str, jobs: int, tmp_path: Path) -> None:
    dataset, root = DATASETS.build(expression), ensure_phantom(parse(expression), tmp_path)
    prepared = prepare(dataset, root, tmp_path / "store", FORMS, jobs)
    samples = dataset.read_labels(root).samples[:20]
    for form in FORMS:
        for sample, stored in zip(samples, prepared.images(form, samples, "x").read(range(len(samples))), strict=True):
            image, size = dataset.read_image(root, sample), form.size
            assert (stored.height, stored.width) == image.shape[:2]
            planes: list[tuple[Any, Any]] = [(stored.image, image)]
            if dataset.task.kind == "segmentation":
                planes += [(stored.mask, dataset.read_mask(root, sample))]
                planes += [(stored.view, dataset.read_field_of_view(root, sample))]
            for number, (found, plane) in enumerate(planes):
                if plane is None:
                    assert found is None
                elif size == "source":
                    assert np.array_equal(found, plane)
                else:
                    assert np.array_equal(found, (resize_mask if number else resize)(plane, size, form.resampling))


def test_preparing_again_writes_nothing_and_another_size_leaves_the_others_alone(
    montgomery: tuple[Dataset, Path], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    prepare(*montgomery, store, [Form(24)], jobs=1)
    before = files(store)
    prepare(*montgomery, store, [Form(24)], jobs=1)
    assert files(store) == before
    prepared = prepare(*montgomery, store, [Form(8)], jobs=1)
    assert sorted(prepared.forms) == ["24-antialiased", "8-antialiased"]
    assert {name: of for name, of in files(store).items() if name in before and name.endswith(".bin")} == {
        name: of for name, of in before.items() if name.endswith(".bin")
    }


def test_one_changed_file_rebuilds_one_chunk_and_one_sample_changes(
    shenzhen: tuple[Dataset, Path], tmp_path: Path
) -> None:
    dataset, root = shenzhen
    store = tmp_path / "store"
    samples = dataset.read_labels(root).samples
    first = prepare(dataset, root, store, [Form(8)], jobs=1)
    content, before = first.content(samples, "x"), files(store)
    path = dataset.files(root, samples[3])[0]
    Image.fromarray(255 - dataset.read_image(root, samples[3])).save(path)
    second = prepare(dataset, root, store, [Form(8)], jobs=1)
    assert second.content(samples, "x") != content
    assert len(set(files(store)) - set(before)) == 2  # its rows and its pixels
    assert len(set(before) - set(files(store))) == 2  # the old ones are removed
    changed = (first.digests != second.digests).any(axis=(1, 2))
    assert first.ids[changed].tolist() == [samples[3].id.encode()]


def test_a_file_that_was_only_touched_keeps_the_content(shenzhen: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, root = shenzhen
    samples = dataset.read_labels(root).samples
    before = prepare(dataset, root, tmp_path / "store", [Form(8)], jobs=1).content(samples, "x")
    os.utime(dataset.files(root, samples[0])[0], (1, 1))
    assert prepare(dataset, root, tmp_path / "store", [Form(8)], jobs=1).content(samples, "x") == before


def test_an_interrupted_preparation_goes_on(
    montgomery: tuple[Dataset, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, seen = tmp_path / "store", []
    real = preparation.decoded_chunk

    def stop_at_the_fourth(*arguments: Any) -> Any:
        seen.append(arguments[3].name)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(preparation, "decoded_chunk", stop_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        prepare(*montgomery, store, [Form(8)], jobs=1)
    assert Prepared.find(store) is None
    first = seen[:3]
    prepared = prepare(*montgomery, store, [Form(8)], jobs=1)
    assert not set(first) & set(seen[4:])
    whole = prepare(*montgomery, tmp_path / "other", [Form(8)], jobs=1)
    assert np.array_equal(prepared.digests, whole.digests)


def test_a_chunk_that_the_disk_does_not_take_in_ends_the_preparation(
    montgomery: tuple[Dataset, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes in a chunk while the next one is decoded, and its error is none of that one."""
    store, real, taken_in = tmp_path / "store", os.fsync, []

    def full_at_the_fifth(file: int) -> None:
        taken_in.append(file)
        if len(taken_in) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    monkeypatch.setattr(os, "fsync", full_at_the_fifth)
    with pytest.raises(StorageError, match="its disk is full"):
        prepare(*montgomery, store, [Form(8)], jobs=1)
    left = [path.name for path in store.iterdir()]
    assert len(left) == 4 and not [name for name in left if name.startswith(".")], "two chunks, and nothing unfinished"
    assert len(prepare(*montgomery, store, [Form(8)], jobs=1).ids) == len(montgomery[0].read_labels(montgomery[1])[0])


def stored(folder: Path) -> dict[str, bytes]:
    """The content of every stored file."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def written(store: Path) -> list[tuple[str, int]]:
    """The files of a store, those that are being written too, and when each was last changed."""
    found = []
    for path in store.glob("*"):
        with suppress(FileNotFoundError):  # renamed meanwhile
            found.append((path.name, path.stat().st_mtime_ns))
    return sorted(found)


def test_a_preparation_that_is_killed_again_and_again_ends_with_the_same_bytes(
    montgomery: tuple[Dataset, Path], tmp_path: Path
) -> None:
    """By SIGKILL, soon after it has begun to write and later each time."""
    whole = stored(prepare(*montgomery, tmp_path / "whole", FORMS, jobs=1).folder)
    store, chance = tmp_path / "store", random.Random(0)
    context, killed, longest = multiprocessing.get_context("forkserver"), 0, 0.01
    while not (store / "manifest.npz").exists():
        before = written(store)
        process = context.Process(target=prepare, args=(*montgomery, store, FORMS, 1))
        process.start()
        while process.is_alive() and written(store) == before:
            time.sleep(0.0005)
        process.join(chance.uniform(0.0, longest))
        killed, longest = killed + process.is_alive(), 1.5 * longest
        process.kill()
        process.join()
    assert killed >= 2
    assert stored(store) == whole
    prepare(*montgomery, store, FORMS, jobs=1)
    assert stored(store) == whole


def test_no_process_outlives_a_killed_preparation(montgomery: tuple[Dataset, Path], tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=prepare, args=(*montgomery, tmp_path / "store", [Form("source")], 2))
    process.start()
    while process.is_alive() and len(left := descendants(process.pid or 0)) < 3:
        time.sleep(0.005)
    process.kill()
    process.join()
    assert len(left) >= 3  # a server of processes, what watches over it, and who decodes
    assert gone(left)


def test_a_damaged_list_of_rows_is_written_again(montgomery: tuple[Dataset, Path], tmp_path: Path) -> None:
    store = tmp_path / "store"
    whole = stored(prepare(*montgomery, store, FORMS, jobs=1).folder)
    rows = next(store.glob("*.json"))
    rows.write_bytes(rows.read_bytes()[:50])
    assert stored(prepare(*montgomery, store, FORMS, jobs=1).folder) == whole


def test_a_cut_file_is_written_again_and_refused_meanwhile(montgomery: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, root = montgomery
    store = tmp_path / "store"
    prepared = prepare(dataset, root, store, [Form(8)], jobs=1)
    samples = dataset.read_labels(root).samples
    cut = next(store.glob("*.bin"))
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(DataError, match=cut.name):
        prepared.images(Form(8), samples, "x")
    prepare(dataset, root, store, [Form(8)], jobs=1).images(Form(8), samples, "x")
    (store / "manifest.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"manifest\.npz"):
        Prepared.find(store)


def test_two_processes_at_once_make_one_store(montgomery: tuple[Dataset, Path], tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=prepare, args=(*montgomery, tmp_path / "store", FORMS, 1)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    alone = prepare(*montgomery, tmp_path / "alone", FORMS, jobs=1)
    both = Prepared(tmp_path / "store")
    assert np.array_equal(alone.digests, both.digests)
    assert {path.name: path.read_bytes() for path in both.folder.glob("*.bin")} == {
        path.name: path.read_bytes() for path in alone.folder.glob("*.bin")
    }
    assert not list(both.folder.glob(".*"))


def test_progress_is_reported_to_the_end(montgomery: tuple[Dataset, Path], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    prepare(*montgomery, tmp_path / "store", [Form(8)], 1, lambda done, total: told.append((done, total)))
    total = len(montgomery[0].read_labels(montgomery[1]).samples)
    assert told[0] == (0, total)
    assert told[-1] == (total, total)
    assert told == sorted(told)


def test_a_store_that_cannot_be_written_is_named(montgomery: tuple[Dataset, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="--cache"):
        prepare(*montgomery, tmp_path / "file" / "store", [Form(8)], jobs=1)


def damaged(shenzhen: tuple[Dataset, Path]) -> Index:
    """One unreadable image, two that are alike, and two that are alike but for their labels; the index before."""
    dataset, root = shenzhen
    index = dataset.index(root)

    def path(sample: Any) -> Path:
        return dataset.files(root, sample)[0]

    positive = [sample for sample in index.train if sample.target == (1.0,)]
    negative = [sample for sample in index.train if sample.target == (0.0,)]
    path(positive[0]).write_bytes(b"")
    test_positive = next(sample for sample in index.test if sample.target == (1.0,))
    shutil.copyfile(path(test_positive), path(positive[1]))
    shutil.copyfile(path(positive[2]), path(negative[2]))
    return index


def test_problems_are_found_with_their_paths_and_the_test_split_is_kept(
    shenzhen: tuple[Dataset, Path], tmp_path: Path
) -> None:
    index = damaged(shenzhen)
    prepared = prepare(*shenzhen, tmp_path / "store", [Form(8)], jobs=1)
    problems = find_problems(*shenzhen, index, prepared)
    assert sorted(problem.kind for problem in problems) == ["duplicate", "mislabelled", "mislabelled", "unreadable"]
    assert all(Path(problem.path).is_file() and problem.split == "train" for problem in problems)
    assert all(problem.id not in {sample.id for sample in index.test} for problem in problems)
    unreadable = next(problem for problem in problems if problem.kind == "unreadable")
    assert "0 bytes" in unreadable.other
    assert str(shenzhen[1]) not in unreadable.reason  # it enters the identity of runs, which knows no paths


def test_training_is_refused_until_the_list_is_accepted_and_then_leaves_them_out(
    shenzhen: tuple[Dataset, Path], tmp_path: Path
) -> None:
    dataset, root = shenzhen
    store = tmp_path / "store"
    with pytest.raises(DataError, match=r"not prepared.*medtransfer prepare shenzhen"):
        open_dataset(dataset, "shenzhen", root, store)
    clean = prepare(dataset, root, store, [Form(8)], jobs=1)
    before = open_dataset(dataset, "shenzhen", root, store).index
    assert not before.excluded
    index = damaged(shenzhen)
    prepared = prepare(dataset, root, store, [Form(8)], jobs=1)
    assert prepared.content(before.train, "x") != clean.content(before.train, "x")
    with pytest.raises(DataError, match=r"3 images are unreadable or mislabelled(.|\n)*--accept"):
        open_dataset(dataset, "shenzhen", root, store)
    problems = find_problems(dataset, root, index, prepared)
    write_problems(problems, store / ACCEPTED)
    opened = open_dataset(dataset, "shenzhen", root, store)
    assert opened.index.excluded == left_out(problems)
    assert {sample.id for sample in before.train} - {sample.id for sample in opened.index.train} == set(
        left_out(problems)
    )
    assert opened.index.identity() != before.identity()
    write_problems([Problem(*("x",) * 6)], store / ACCEPTED)
    with pytest.raises(DataError, match="--accept"):
        open_dataset(dataset, "shenzhen", root, store)
    (store / ACCEPTED).write_text("nonsense")
    with pytest.raises(DataError, match="accepted"):
        open_dataset(dataset, "shenzhen", root, store)


def test_images_that_came_later_ask_for_another_preparation(shenzhen: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, root = shenzhen
    prepare(dataset, root, tmp_path / "store", [Form(8)], jobs=1)
    first = dataset.files(root, dataset.read_labels(root).samples[0])[0]
    Image.effect_noise((32, 32), 60).save(first.with_name("CHNCXR_0999_1.png"))
    with pytest.raises(DataError, match=r"CHNCXR_0999_1.*medtransfer prepare"):
        open_dataset(dataset, "shenzhen", root, tmp_path / "store")


def test_a_fraction_leaves_the_content_and_the_problems_alone(shenzhen: tuple[Dataset, Path], tmp_path: Path) -> None:
    dataset, root = shenzhen
    index = damaged(shenzhen)
    prepared = prepare(dataset, root, tmp_path / "store", [Form(8)], jobs=1)
    write_problems(find_problems(dataset, root, index, prepared), tmp_path / "store" / ACCEPTED)
    whole = open_dataset(dataset, "shenzhen", root, tmp_path / "store").index
    part = open_dataset(dataclasses.replace(dataset, fraction=0.3), "shenzhen", root, tmp_path / "store").index
    assert (part.content, part.excluded) == (whole.content, whole.excluded)
    assert {sample.id for sample in part.train} < {sample.id for sample in whole.train}


def _private_bytes() -> int:
    """Memory of this process that is its own, not the system's cache of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")
def test_reading_keeps_no_pixels_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    lines = ["image,positive"]
    for number in range(64):
        name = f"images/{number}.png"
        Image.effect_noise((512, 512), 40 + number).save(tmp_path / name)
        lines.append(f"{name},{number % 2}")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    dataset = DATASETS.build("folder")
    prepared = prepare(dataset, tmp_path, tmp_path / "store", [Form("source")], jobs=1)
    samples = dataset.read_labels(tmp_path).samples
    images = prepared.images(Form("source"), samples, "folder")
    before = _private_bytes()
    total = 0
    for start in range(0, 64, 8):
        total += sum(int(stored.image[::64].sum()) for stored in images.read(range(start, start + 8)))
    assert total > 0
    stored_bytes = sum(path.stat().st_size for path in prepared.folder.glob("*.bin"))
    assert stored_bytes == 64 * 512 * 512
    assert _private_bytes() - before < stored_bytes / 8


def test_files_that_changed_since_are_not_trained_on_under_the_old_key(
    shenzhen: tuple[Dataset, Path], tmp_path: Path
) -> None:
    dataset, root = shenzhen
    prepare(dataset, root, tmp_path / "store", [Form(8)], jobs=1)
    opened = open_dataset(dataset, "shenzhen", root, tmp_path / "store")
    sample = opened.index.train[0]
    before = images_of(opened, "train", Form(8)).read([0])[0]
    image = images_of(opened, "train", Form(16)).read([0])[0].image  # not prepared at this size: decoded
    assert image.shape == (16, 16)
    Image.fromarray(255 - dataset.read_image(root, sample)).save(dataset.files(root, sample)[0])
    with pytest.raises(DataError, match=rf"files of {sample.id} are not those .* prepare"):
        images_of(opened, "train", Form(16)).read([0])
    assert np.array_equal(images_of(opened, "train", Form(8)).read([0])[0].image, before.image)


def test_sizes_that_two_processes_store_at_once_are_both_kept(
    montgomery: tuple[Dataset, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, real = tmp_path / "store", preparation._fill

    def with_another_meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(preparation, "_fill", real)
        prepare(*montgomery, store, [Form(12)], jobs=1)
        real(*arguments)

    monkeypatch.setattr(preparation, "_fill", with_another_meanwhile)
    prepared = prepare(*montgomery, store, [Form(8)], jobs=1)
    assert sorted(prepared.forms) == ["12-antialiased", "8-antialiased"]
