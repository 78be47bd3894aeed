"""Whether compressed DICOM images can be decoded here, by decoding a tiny one of each kind."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import NamedTuple

from experiments.checks.diagnosis.check_result import CheckResult


class Sample(NamedTuple):
    """A compressed frame of 8 x 8 pixels of 8 bits, whose values are 0, 4, 8 and so on, row by row.

    Attributes:
        name: the name of the compression.
        syntax: the UID of its transfer syntax (DICOM PS3.6, A-1).
        content: the compressed bytes of the frame, in base64.
        package: the package that decodes it.
    """

    name: str
    syntax: str
    content: str
    package: str


SAMPLES = (
    Sample(
        "RLE", "1.2.840.10008.1.2.5",
        "AQAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAcABAgMEBQYHAcgJCgsMDQ4PAdA"
        "REhMUFRYXAdgZGhscHR4fAeAhIiMkJSYnAegpKissLS4vAfAxMjM0NTY3Afg5Ojs8PT4/A==",
        "pydicom",
    ),
    Sample(
        "JPEG", "1.2.840.10008.1.2.4.50",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYU"
        "GBIUFRT/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABkQAAEFAAAAAAAAAAAAAAAAAAAGCSUyo//aAAgBAQAAPwAk023SLzP/"
        "2Q==",
        "pillow",
    ),
    Sample(
        "JPEG 2000", "1.2.840.10008.1.2.4.90",
        "/0//UQApAAAAAAAIAAAACAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAABBwEB/1IADAAAAAEAAwQEAAH/XAANQEBISFBISFBISFD/ZAAlAAFDcmVh"
        "dGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAAA1AAH/k8fUBAXvwfOCn4AQBD8EX8D5AUfaBg0BCz2GwHwhw+oDACIaDwN/6//Z",
        "pillow",
    ),
    Sample(
        "JPEG-LS", "1.2.840.10008.1.2.4.80",
        "/9j/9wALCAAIAAgBAREA/9oACAEBAAAAAJ3df3AACEZNsQAAJKqZ9V0ef51/nH+bfwD/2Q==",
        "python-gdcm",
    ),
    Sample(
        "JPEG lossless", "1.2.840.10008.1.2.4.70",
        "/9j/wwALCAAIAAgBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAAAwYI/9oACAEBAAEAAM/oiIiJQIiIiJQIiIiJQIiIiJQIiIiJQIiIiJQIiIiJQIiI"
        "iJ//2Q==",
        "python-gdcm",
    ),
)  # fmt: skip
"""A sample of each compression that docs/own_data.md says is read; they were written by pydicom, Pillow and gdcm."""

NEAR = 8
"""The largest difference of a decoded pixel from the original one, since JPEG is lossy."""


def decoded(sample: Sample) -> list[int]:
    """The pixels of a sample, row by row, by the decoder that is installed here; the decoder's errors are raised."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = UID(sample.syntax)
    image.Rows = image.Columns = 8
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit = 7
    image.PixelData = encapsulate([base64.b64decode(sample.content)])
    image["PixelData"].VR = "OB"
    return [int(value) for value in image.pixel_array.ravel()]


def decoders(decode: Callable[[Sample], list[int]] = decoded) -> list[CheckResult]:
    """A warning for each package that is missing or broken, so that compressions are not decoded; one line if none is.

    Args:
        decode: a function that gives the pixels of a sample, row by row.
    """
    lacking: dict[str, list[str]] = {}
    for sample in SAMPLES:
        try:
            pixels = decode(sample)
        except Exception:  # pydicom's decoders and their loading document no common error
            pixels = []
        if len(pixels) != 64 or any(abs(found - 4 * number) > NEAR for number, found in enumerate(pixels)):
            lacking.setdefault(sample.package, []).append(sample.name)
    if not lacking:
        return [CheckResult("DICOM", "ok", f"{', '.join(sample.name for sample in SAMPLES)} are decoded")]
    return [
        CheckResult(
            "DICOM",
            "warning",
            f"{' and '.join(named)} images cannot be decoded",
            f"If you have such images, install what decodes them: pip install --force-reinstall {package}",
        )
        for package, named in lacking.items()
    ]
