"""Predict with an exported network: python predict_onnx.py IMAGE ...

It reads PNG, JPEG, TIFF and GIF files; of DICOM files and volumes save the images as PNG first. It needs numpy, pillow
and onnxruntime, and opencv-python where preprocessing.json names OpenCV. A classification prints a line of
probabilities for each image; a segmentation writes IMAGE_mask.png into the current folder. Of images whose channels are
files of their own, give the files of an image one after the other, in the order of the channels.

For research; not a medical device.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

HERE = Path(__file__).resolve().parent


def opened(file: Any, path: Path) -> ImageFile.ImageFile:
    """The image in a file of a kind that this script reads."""
    try:
        return Image.open(file, formats=("PNG", "JPEG", "TIFF", "GIF"))
    except UnidentifiedImageError:
        raise SystemExit(
            f"{path}: it is no PNG, JPEG, TIFF or GIF. Of DICOM files and volumes save the images as PNG first."
        ) from None


def decoded(path: Path, mode: str) -> Any:
    """The pixels of an image file, upright, (H, W) in the mode L, (H, W, 3) in RGB."""
    Image.MAX_IMAGE_PIXELS = None
    with path.open("rb") as file, opened(file, path) as stored:
        tags = getattr(stored, "tag_v2", {})
        deep = ";16" in str([tile[3] for tile in stored.tile]) and stored.mode in ("RGB", "RGBA", "LA")
        if deep or set(np.ravel(tags.get(258, 8))) - {1, 2, 4, 8} or set(np.ravel(tags.get(339, 1))) != {1}:
            raise SystemExit(f"{path}: save it with 8 bits, or as a gray PNG; this script reads no other deep colors.")
        if stored.format != "MPO" and getattr(stored, "n_frames", 1) > 1:
            raise SystemExit(f"{path}: it holds several pictures; save the one that is meant.")
        image = ImageOps.exif_transpose(stored)
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype(np.float64)
        low, high = values.min(), values.max()
        image = Image.fromarray(np.rint((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))
    elif image.mode == "LAB":
        image = image.convert("RGB")
    return np.asarray(image.convert(mode))


def resized(pixels: Any, step: dict[str, Any]) -> Any:
    """The pixels at the size of a step."""
    height, width = step["height"], step["width"]
    if pixels.shape[:2] == (height, width):
        return pixels
    if step["with"].startswith("Pillow"):
        return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling[step["filter"]]))
    import cv2

    return cv2.resize(pixels, (width, height), interpolation=getattr(cv2, step["filter"]))


def prepared(paths: list[Path], steps: list[dict[str, Any]]) -> tuple[Any, tuple[int, int]]:
    """The network's input (C, H, W) of the files of an image, and the height and width of these files."""
    planes, size = [], (0, 0)
    mode = next(step["mode"] for step in steps if step["step"] == "convert")
    for path in paths:
        pixels = decoded(path, mode)
        size = pixels.shape[:2]
        for step in steps:
            if step["step"] == "resize":
                pixels = resized(pixels, step)
            elif step["step"] == "crop":
                top, left = step["top"], step["left"]
                pixels = pixels[top : top + step["height"], left : left + step["width"]]
        planes.append(pixels if pixels.ndim == 3 else pixels[..., None])
    return np.ascontiguousarray(np.concatenate(planes, axis=2).transpose(2, 0, 1)), size


def mask_of(probabilities: Any, size: tuple[int, int]) -> Any:
    """The numbers of the classes (H, W), 0 for the background, of maps of probabilities at the network's size."""
    import cv2

    maps = [cv2.resize(each, size[::-1], interpolation=cv2.INTER_LINEAR) for each in probabilities]
    return maps[0] > 0.5 if len(maps) == 1 else np.argmax(maps, axis=0)


def main(paths: list[Path]) -> None:
    """Predict one image after the other."""
    import onnxruntime

    told = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))
    steps, output = told["steps"], told["output"]
    each = next(step["files"] for step in steps if step["step"] == "read")
    if not paths or len(paths) % each:
        raise SystemExit(f"{__doc__}\nAn image is {each} files here; found {len(paths)}.")
    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"))
    lines = csv.writer(sys.stdout)
    if output["kind"] != "segmentation":
        lines.writerow(["image", *output["classes"]])
    for start in range(0, len(paths), each):
        files = paths[start : start + each]
        pixels, size = prepared(files, steps)
        (probabilities,) = session.run([output["name"]], {told["input"]["name"]: pixels[None]})
        if output["kind"] == "segmentation":
            mask = Image.fromarray(mask_of(probabilities[0], size).astype(np.uint8))
            mask.save(f"{files[0].stem}_mask.png")
        else:
            lines.writerow([str(files[0]), *(f"{probability:.9f}" for probability in probabilities[0])])


if __name__ == "__main__":
    main([Path(text) for text in sys.argv[1:]])
