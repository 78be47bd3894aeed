"""The steps that an export states, followed by the script that it ships, give the pixels that a run was tested on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from datamodules.files.images import read_gray, read_rgb
from datamodules.files.resampling import resize
from datamodules.pipeline.resize_crop import CenterCrop
from datamodules.prepared.storage import Stored
from experiments.exporting.onnx_script import decoded, mask_of, prepared
from experiments.exporting.preprocessing import preprocessing
from experiments.run.recipes import recipe_named
from specs.recipe import Resampling
from specs.task import Task

RNG = np.random.default_rng(0)
COLOR = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)
DEEP = RNG.integers(200, 50_000, (13, 17), dtype=np.uint16)
TURNED = Image.Exif()
TURNED[0x0112] = 6  # a quarter turn, EXIF 2.32, 4.6.5.1

FILES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "color": ("a.png", Image.fromarray(COLOR), {}),
    "gray": ("a.png", Image.fromarray(COLOR[..., 0]), {}),
    "palette": ("a.gif", Image.fromarray(COLOR).quantize(16), {}),
    "transparent": ("a.png", Image.fromarray(np.dstack([COLOR, COLOR[..., :1]])), {}),
    "two tones": ("a.png", Image.fromarray(COLOR[..., 0] > 99), {}),
    "16 bits": ("a.png", Image.fromarray(DEEP), {}),
    "JPEG on its side": ("a.jpg", Image.fromarray(COLOR), {"exif": TURNED}),
    "TIFF on its side": ("a.tif", Image.fromarray(COLOR), {"exif": TURNED}),
    "LAB": ("a.tif", Image.frombytes("LAB", (17, 13), COLOR.tobytes()), {}),
    "print colors": ("a.jpg", Image.fromarray(COLOR).convert("CMYK"), {}),
}


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("kind", FILES)
def test_files_are_read_as_they_are_for_training(kind: str, mode: str, tmp_path: Path) -> None:
    name, image, options = FILES[kind]
    image.save(tmp_path / name, **options)
    read = read_gray if mode == "L" else read_rgb
    assert np.array_equal(decoded(tmp_path / name, mode), read(tmp_path / name))


def test_what_the_script_would_read_otherwise_it_refuses(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "deep.png"), RNG.integers(0, 2**16, (5, 5, 3), dtype=np.uint16))
    Image.fromarray(DEEP).save(tmp_path / "deep.tif")
    Image.fromarray(COLOR[..., 0]).save(tmp_path / "two.gif", save_all=True, append_images=[Image.new("L", (17, 13))])
    for name, why in (("deep.png", "save it with 8 bits"), ("deep.tif", "save it with 8 bits"), ("two.gif", "several")):
        with pytest.raises(SystemExit, match=why):
            decoded(tmp_path / name, "L")


@pytest.mark.parametrize("resampling", ["antialiased", "bilinear", "nearest"])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_resized_and_cropped_as_they_are_for_tests(
    resampling: Resampling, channels: int, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(recipe_named("phantom/smoke"), image_size=9, crop_from=12, resampling=resampling)
    told = preprocessing(recipe, Task("binary", ("a",)), channels, [0.5], [0.5])
    Image.fromarray(COLOR).save(tmp_path / "a.png")
    image = (read_gray if channels == 1 else read_rgb)(tmp_path / "a.png")
    whole = resize(image, 12, resampling)
    (expected,), _ = CenterCrop(9)([Stored(whole, None, None, 13, 17)], 0, np.zeros(1, np.int64))
    found, size = prepared([tmp_path / "a.png"], told["steps"])
    assert size == (13, 17)
    assert told["input"]["shape"] == ["batch", *found.shape] == ["batch", channels, 9, 9]
    assert np.array_equal(found.squeeze(), np.moveaxis(expected, -1, 0) if channels == 3 else expected)


def test_of_ten_crops_the_network_gets_the_whole_image(tmp_path: Path) -> None:
    recipe = dataclasses.replace(recipe_named("phantom/smoke"), crop_from=32, test_time_augmentation="ten_crop")
    told = preprocessing(recipe, Task("binary", ("a",)), 1, [0.5] * 3, [0.5] * 3)
    assert told["input"]["shape"] == ["batch", 1, 32, 32]
    assert "crop" not in [step["step"] for step in told["steps"]]
    assert "ten crops" in told["inside the network"]["test-time augmentation"]
    assert told["inside the network"]["channels"] == "the gray image is repeated over 3 channels"


def test_channels_that_are_files_of_their_own_are_given_in_order(tmp_path: Path) -> None:
    told = preprocessing(recipe_named("phantom/smoke"), Task("binary", ("a",)), 4, [0.5], [0.5])
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        Image.new("L", (28, 28), number).save(path)
    found, _ = prepared(paths, told["steps"])
    assert next(step["files"] for step in told["steps"] if step["step"] == "read") == 4
    assert found[:, 0, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("outputs", [1, 3])
def test_masks_are_told_from_probabilities_as_in_a_test(outputs: int) -> None:
    probabilities = torch.from_numpy(RNG.random((1, outputs, 16, 16), dtype=np.float32))
    resized = F.interpolate(probabilities, (23, 31), mode="bilinear", align_corners=False)
    expected = resized[0, 0] > 0.5 if outputs == 1 else resized[0].argmax(dim=0)
    sure = (resized[0] - 0.5).abs().min(0).values > 1e-5 if outputs == 1 else torch.ones(23, 31, dtype=torch.bool)
    found = torch.from_numpy(mask_of(probabilities[0].numpy(), (23, 31)))
    assert torch.equal(found[sure], expected[sure])


def test_the_classes_of_a_segmentation_begin_with_the_background_where_there_are_several() -> None:
    recipe = recipe_named("phantom/smoke_segmentation")
    one, two = (
        preprocessing(recipe, Task("segmentation", classes), 3, [0.5] * 3, [0.5] * 3)
        for classes in (("vessel",), ("kidney", "tumour"))
    )
    assert (one["output"]["classes"], one["inside the network"]["activation"]) == (["vessel"], "sigmoid of each output")
    assert two["output"]["classes"] == ["background", "kidney", "tumour"]
    assert two["inside the network"]["activation"] == "softmax over the outputs"
    assert two["output"]["shape"][1] == 3
