"""DICOM headers as archives have them: followed by the standard's rules, or refused with the rule that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from datamodules.files.dicom import read_dicom, write_dicom
from specs.errors import DataError

RAMP = np.linspace(0, 255, 600).reshape(20, 30).astype(np.uint8)
DEEP = RAMP.astype(np.int16) * 16


def written(
    path: Path, values: np.ndarray, said: dict[str, Any] | None = None, change: Callable[[Any], None] | None = None
) -> Path:
    """A file whose header is changed after its pixels were written."""
    write_dicom(path, values)
    dataset = pydicom.dcmread(path)
    for name, value in (said or {}).items():
        setattr(dataset, name, value)
    if "PixelPaddingValue" in dataset:
        for name in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
            dataset[name].VR = "SS"
    if change:
        change(dataset)
    dataset.save_as(path)
    return path


def unsigned(bits: int) -> dict[str, int]:
    """The header of whole numbers of so many bits."""
    return {"PixelRepresentation": 0, "BitsStored": bits, "HighBit": bits - 1}


def group(**said: Any) -> Any:
    """A sequence of one item."""
    item = Dataset()
    for name, value in said.items():
        setattr(item, name, value)
    return Sequence([item])


@pytest.mark.parametrize("place", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"])
def test_rescaling_and_window_of_an_enhanced_image_are_followed(place: str, tmp_path: Path) -> None:
    """They stand in its functional groups (PS3.3, C.7.6.16), where they were passed over."""
    groups = group(
        PixelValueTransformationSequence=group(RescaleSlope=-1, RescaleIntercept=255, RescaleType="US"),
        FrameVOILUTSequence=group(WindowCenter=128, WindowWidth=256),
    )
    assert np.array_equal(read_dicom(written(tmp_path / "a.dcm", RAMP, {place: groups})), 255 - RAMP)


def test_few_bits_fill_the_range_wherever_they_are_stored(tmp_path: Path) -> None:
    assert np.array_equal(read_dicom(written(tmp_path / "a.dcm", RAMP // 255, unsigned(1))), RAMP // 255 * 255)
    assert np.array_equal(read_dicom(written(tmp_path / "b.dcm", RAMP.astype(np.int16), unsigned(8))), RAMP)


def test_bits_above_those_of_the_header_are_refused_unless_an_overlay_is_said_to_be_there(tmp_path: Path) -> None:
    """They are cut off, which makes noise of the picture where the header is wrong."""
    path = written(tmp_path / "a.dcm", DEEP, unsigned(10))
    with pytest.raises(DataError, match=r"of its values have bits above the 10 that its header says \(BitsStored\)"):
        read_dicom(path)
    overlay = DEEP + (RAMP > 200) * np.int16(2**14)
    with pytest.raises(DataError, match="above the 12 that its header says"):
        read_dicom(written(tmp_path / "b.dcm", overlay, unsigned(12)))
    said = written(tmp_path / "c.dcm", overlay, unsigned(12), lambda d: d.add_new(0x60000102, "US", 14))
    assert np.array_equal(read_dicom(said), RAMP)


@pytest.mark.parametrize("cut", [False, True])
def test_the_sign_of_few_bits_may_go_on_in_those_above(cut: bool, tmp_path: Path) -> None:
    values = DEEP - 2048
    stored = (values & 0xFFF).astype(np.int16) if cut else values
    assert np.array_equal(read_dicom(written(tmp_path / "a.dcm", stored, {"BitsStored": 12, "HighBit": 11})), RAMP)


@pytest.mark.parametrize("name", ["VOILUTSequence", "ModalityLUTSequence", "RescaleSlope", "RescaleIntercept"])
def test_an_empty_element_says_nothing(name: str, tmp_path: Path) -> None:
    empty = Sequence([]) if name.endswith("Sequence") else None
    both = {"RescaleSlope": 1, "RescaleIntercept": 0} if name.startswith("Rescale") else {}
    assert np.array_equal(read_dicom(written(tmp_path / "a.dcm", DEEP, both | {name: empty})), RAMP)


def test_color_of_more_than_eight_bits_is_stretched_as_gray_is(tmp_path: Path) -> None:
    """12 bits in 16, called 16, were nearly black."""
    color = np.stack([DEEP, DEEP[::-1], DEEP[:, ::-1]], axis=2)

    def change(dataset: Any) -> None:
        dataset.PixelData = color.astype("<u2").tobytes()

    said = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    path = written(tmp_path / "a.dcm", DEEP, said | unsigned(16), change)
    assert np.array_equal(read_dicom(path, channels=3), color // 16)


def test_padding_among_floats_is_no_part_of_the_range(tmp_path: Path) -> None:
    values = RAMP.astype(np.float32) / 7
    values[0], values[1] = -99999, np.nan

    def change(dataset: Any) -> None:
        del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
        dataset.BitsAllocated, dataset.FloatPixelData = 32, values.astype("<f4").tobytes()
        dataset.FloatPixelPaddingValue = -99999.0

    found = read_dicom(written(tmp_path / "a.dcm", RAMP, change=change))
    rest = RAMP[2:].astype(float)
    expected = np.rint((rest - rest.min()) * (255 / (rest.max() - rest.min())))
    assert (found[:2] == 0).all()
    assert np.abs(found[2:] - expected).max() <= 1  # of rounding in floats of 32 bits


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"HighBit": 14}, "its values have 16 bits of which the highest is number 14, not 15"),
        ({"RescaleSlope": 0, "RescaleIntercept": 5}, r"all of its values equal \(RescaleSlope 0\)"),
        ({"WindowCenter": -90000, "WindowWidth": 10}, r"own window \(center -90000, width 10\) shows nothing of it"),
        ({"WindowCenter": "nan", "WindowWidth": 10}, "its window has the center nan and the width 10"),
        ({"WindowCenter": 5, "WindowWidth": 0}, "its window has the center 5 and the width 0"),
        ({"RescaleSlope": 1, "RescaleIntercept": "nan", "WindowCenter": 5, "WindowWidth": 9}, "or no numbers"),
        ({"PixelPaddingValue": -1, "PixelPaddingRangeLimit": 9000}, "all of its pixels are padding"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*DS:UserWarning")
def test_a_header_that_makes_no_picture_is_refused_with_what_it_says(
    said: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=rf"a\.dcm .*{words}.*Export it as a gray or color image, or leave it out"):
        read_dicom(written(tmp_path / "a.dcm", DEEP, said))


def test_what_holds_no_image_is_called_so(tmp_path: Path) -> None:
    """Archives have reports and plans beside images; fetching them again makes no image of them."""

    def change(dataset: Any) -> None:
        del dataset.PixelData
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"

    with pytest.raises(DataError, match=r"it holds no image \(Basic Text SR Storage\)\. Export it .*, or leave it out"):
        read_dicom(written(tmp_path / "a.dcm", RAMP, change=change))


def test_a_header_that_lacks_something_is_refused_with_its_name(tmp_path: Path) -> None:
    def bits(dataset: Any) -> None:
        del dataset.BitsStored

    with pytest.raises(DataError, match="its header lacks BitsStored"):
        read_dicom(written(tmp_path / "a.dcm", RAMP, change=bits))
    bare = written(tmp_path / "b.dcm", RAMP)
    bare.write_bytes(bare.read_bytes()[132:])
    with pytest.raises(DataError, match=r"DICOM data without the header of a DICOM file .*dcmconv"):
        read_dicom(bare)


def test_compressed_pixels_that_no_decoder_unpacks_are_told_in_our_words(tmp_path: Path) -> None:
    """A decoder's own words, such as of a NoneType, help nobody."""
    pytest.importorskip("gdcm")

    def change(dataset: Any) -> None:
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.70"
        dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xf7" + bytes(60)])
        dataset["PixelData"].is_undefined_length = True

    with pytest.raises(DataError, match=r"its pixels \(JPEG Lossless.* cannot be unpacked: .*export it"):
        read_dicom(written(tmp_path / "a.dcm", RAMP, change=change))
