"""Which images a list names: by paths from their end, by file names, and where that is not sure."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.dataset.sample import Sample
from datamodules.listed.matching import found_in, key_of, keys_of


def image(name: str, source: str | None = None) -> Sample:
    return Sample(name, name, (), source or name)


def found(images: list[str], names: list[str]) -> dict[str, str]:
    return dict(found_in(keys_of(names), [image(one) for one in images]))


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("00000001_000.png", "file name"),  # the whole path, and it is a file name alone
        ("images_001/images/00000001_000.png", "file name"),
        ("IMAGES_001\\images\\00000001_000.PNG", "file name"),
        ("./00000001_000.dcm", "file name"),
        ("/data/nih/00000001_000", "file name"),
        ("00000001_0000.png", None),
        ("x00000001_000.png", None),
        ("00000001_000.png/00000002_000.png", None),
    ],
)
def test_a_file_name_is_found_without_folders_case_and_ending(name: str, how: str | None) -> None:
    assert found(["00000001_000.png"], [name]) == ({"00000001_000.png": how} if how else {})


CHEXPERT = [f"train/patient0000{patient}/study{study}/view1_frontal.jpg" for patient in (1, 2) for study in (1, 2)]


def test_files_of_one_name_are_told_by_their_folders() -> None:
    listed = [f"CheXpert-v1.0/{CHEXPERT[0]}", "CheXpert-v1.0-small/train/patient00003/study1/view1_frontal.jpg"]
    assert found(CHEXPERT, listed) == {CHEXPERT[0]: "path"}


def test_a_path_that_is_shorter_than_the_images_is_its_end() -> None:
    assert found(CHEXPERT, ["patient00002/study1/view1_frontal.png"]) == {CHEXPERT[2]: "path"}


def test_a_name_that_fits_several_images_is_ambiguous() -> None:
    assert found(CHEXPERT, ["study1/view1_frontal.jpg"]) == dict.fromkeys((CHEXPERT[0], CHEXPERT[2]), "ambiguous")
    assert found(CHEXPERT, ["view1_frontal.jpg"]) == dict.fromkeys(CHEXPERT, "ambiguous")


def test_an_image_that_several_names_fit_is_ambiguous_unless_one_is_its_very_path() -> None:
    several = ["a/1.png", "b/1.png"]
    assert found(["1.png"], several) == {"1.png": "ambiguous"}
    assert found(["1.png"], [*several, "1.png"]) == {"1.png": "file name"}
    assert found(["c/1.png"], several) == {"c/1.png": "ambiguous"}


def test_folders_that_contradict_each_other_do_not_hide_a_file_name_that_nothing_else_has() -> None:
    assert found(["images/scan_17.png"], ["/home/me/train/scan_17.jpg"]) == {"images/scan_17.png": "file name"}
    assert found(["a/1.png", "b/1.png"], ["c/1.png"]) == {}


def test_an_images_path_counts_as_much_as_its_id() -> None:
    sample = image("1.2.840.1", "dicom-images-train/1.2.840.9/1.2.840.1.dcm")
    assert found_in(keys_of(["dicom-images-train/1.2.840.9/1.2.840.1.dcm"]), [sample]) == {"1.2.840.1": "path"}
    assert found_in(keys_of(["1.2.840.1.dcm"]), [sample]) == {"1.2.840.1": "file name"}


def test_slices_are_found_by_the_name_of_their_volume() -> None:
    slices = [image(f"case_{case}/axial-{number}", f"case_{case}/imaging.nii.gz#{number}") for case in (1, 2)
              for number in (1, 2)]  # fmt: skip
    groups = {f"case_{case}/imaging.nii.gz": slices[2 * case - 2 : 2 * case] for case in (1, 2)}
    names = keys_of(["kits/case_2/imaging.nii"])
    assert found_in(names, slices, groups) == {"case_2/axial-1": "path", "case_2/axial-2": "path"}


def agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the shorter of two paths is the end of the longer."""
    common = min(len(one), len(other))
    return one[-common:] == other[-common:]


def expected(image: tuple[str, ...], images: list[tuple[str, ...]], names: list[tuple[str, ...]]) -> str | None:
    """The rule as it is stated, by looking at every pair."""
    longer = [name for name in names if agree(image, name) and len(name) >= len(image)]
    shorter = [name for name in names if agree(image, name) and len(name) < len(image)]
    if longer:
        alone = not any(agree(image, other) and len(other) >= len(image) for other in images if other != image)
        sure, parts = alone and (len(longer) == 1 or image in longer), len(image)
    elif shorter:
        best = max(shorter, key=len)
        ends_so = [other for other in images if agree(best, other) and len(other) >= len(best)]
        sure, parts = len(ends_so) == 1, len(best)
    else:
        alike = [name for name in names if name[-1] == image[-1]]
        if not alike or sum(other[-1] == image[-1] for other in images) > 1:
            return None
        sure, parts = len(alike) == 1, 1
    return "ambiguous" if not sure else "path" if parts > 1 else "file name"


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)


@given(st.lists(paths, min_size=1, max_size=5, unique=True), st.lists(paths, max_size=5, unique=True))
def test_what_is_found_is_what_looking_at_every_pair_finds(
    images: list[tuple[str, ...]], names: list[tuple[str, ...]]
) -> None:
    wanted = {"/".join(one): how for one in images if (how := expected(one, images, names))}
    assert found(["/".join(one) for one in images], ["/".join(one) for one in names]) == wanted


def test_long_lists_take_seconds() -> None:
    """Every image has the same file name, so that a search by pairs would not end."""
    names = [f"root/train/patient{number:06d}/study1/view1_frontal.jpg" for number in range(20_000)]
    samples = [image(f"train/patient{number:06d}/study1/view1_frontal.jpg") for number in range(10_000, 15_000)]
    start = time.process_time()
    assert len(found_in(keys_of(names), samples)) == 5_000
    assert time.process_time() - start < 5


def test_a_name_of_nothing_has_no_key() -> None:
    assert [key_of(name) for name in ("", "/", "./")] == ["", "", ""]
    assert keys_of(["/", "a", "A.png"]) == ["a\0"]
