"""Doctor's look at decoders of compressed DICOM images."""

from __future__ import annotations

import pytest

from experiments.checks.diagnosis.decoders import SAMPLES, Sample, decoded, decoders

DRAWN = [4 * number for number in range(64)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_what_the_package_requires_decodes_every_sample(sample: Sample) -> None:
    difference = max(abs(found - drawn) for found, drawn in zip(decoded(sample), DRAWN, strict=True))
    assert difference <= (8 if sample.name == "JPEG" else 0)  # the only one that loses something


def test_all_that_is_decoded_is_one_line() -> None:
    (found,) = decoders()
    assert (found.state, found.found) == ("ok", "RLE, JPEG, JPEG 2000, JPEG-LS, JPEG lossless are decoded")


@pytest.mark.parametrize("fault", ["raises", "other pixels", "too few"])
def test_a_package_that_is_missing_or_wrong_is_named_once_with_what_it_decodes(fault: str) -> None:
    def decode(sample: Sample) -> list[int]:
        if sample.package != "python-gdcm":
            return DRAWN
        if fault == "raises":
            raise RuntimeError("missing dependencies")
        return DRAWN[::-1] if fault == "other pixels" else DRAWN[:10]

    (found,) = decoders(decode)
    assert found.state == "warning"
    assert found.found == "JPEG-LS and JPEG lossless images cannot be decoded"
    assert "pip install --force-reinstall python-gdcm" in found.remedy
