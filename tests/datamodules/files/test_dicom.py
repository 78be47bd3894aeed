"""Pictures of DICOM files, by the standard's own rules (PS3.3, PS3.4) or refused with the one that is not followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from datamodules.files.dicom import is_dicom, read_dicom, windowed, write_dicom
from specs.errors import DataError

RAMP = np.linspace(0, 255, 600).reshape(20, 30).astype(np.uint8)
UNITS = np.linspace(-1000, 999, 600).reshape(20, 30).round().astype(np.int16)


def changed(path: Path, **elements: Any) -> Path:
    """The same file with other elements."""
    dataset = pydicom.dcmread(path)
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    return path


def table(first: int, values: list[int], bits: int) -> Dataset:
    found = Dataset()
    found.add_new("LUTDescriptor", "US" if first >= 0 else "SS", [len(values), first, bits])
    found.add_new("LUTData", "US", values)
    return found


def written(path: Path, values: np.ndarray, **elements: Any) -> Path:
    write_dicom(path, values)
    return changed(path, **elements)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_files_window_is_applied_with_its_function(function: str, tmp_path: Path) -> None:
    """C.11.2.1.2.1, C.11.2.1.3.2 and C.11.2.1.3.1, each value on its own."""
    center, width = 40.0, 400.0
    path = written(tmp_path / "a.dcm", UNITS, WindowCenter=center, WindowWidth=width, VOILUTFunction=function)

    def shown(x: float) -> float:
        if function == "SIGMOID":
            return float(255 / (1 + np.exp(-4 * (x - center) / width)))
        c, w = (center - 0.5, width - 1) if function == "LINEAR" else (center, width)
        return 0.0 if x <= c - w / 2 else 255.0 if x > c + w / 2 else ((x - c) / w + 0.5) * 255

    expected = np.vectorize(shown)(UNITS.astype(float))
    assert np.abs(read_dicom(path) - expected).max() <= 0.5 + 1e-9


def test_a_window_of_width_1_is_a_threshold_and_none_is_narrower() -> None:
    values = np.array([[39.0, 39.5, 39.6, 41.0]])
    assert windowed(values, 40, 1).tolist() == [[0, 0, 255, 255]]
    for function, width in (("LINEAR", 0.5), ("LINEAR_EXACT", 0.0), ("SIGMOID", -1.0)):
        with pytest.raises(ValueError, match=f"and the width {width:g}"):
            windowed(values, 40, width, function)
    with pytest.raises(ValueError, match="is none of the standard's"):
        windowed(values, 40, 10, "CUBIC")


def test_eight_bits_are_windowed_too_where_the_file_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", RAMP, WindowCenter=64, WindowWidth=128)
    assert np.array_equal(read_dicom(path), windowed(RAMP.astype(float), 64, 128))


def test_eight_bits_are_taken_as_they_are_unless_a_falling_scale_turns_them_round(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", RAMP // 2, RescaleSlope=3, RescaleIntercept=-7)
    assert np.array_equal(read_dicom(path), RAMP // 2)
    assert np.array_equal(
        read_dicom(written(tmp_path / "b.dcm", RAMP, RescaleSlope=-1, RescaleIntercept=0)), 255 - RAMP
    )


def test_a_table_of_values_of_interest_says_what_is_shown(tmp_path: Path) -> None:
    curve = [round(65535 * (number / 255) ** 0.5) for number in range(256)]
    path = written(tmp_path / "a.dcm", RAMP, VOILUTSequence=[table(0, curve, 16)], WindowCenter=1, WindowWidth=2)
    expected = np.rint(255 * np.sqrt(RAMP / 255))
    assert np.abs(read_dicom(path) - expected).max() <= 1


def test_the_modalitys_table_comes_first(tmp_path: Path) -> None:
    """It turns the ramp round, so that the picture is its negative."""
    reversed_ = [4095 - 16 * number for number in range(256)]
    path = written(tmp_path / "a.dcm", RAMP, ModalityLUTSequence=[table(0, reversed_, 16)])
    assert np.abs(read_dicom(path).astype(int) - (255 - RAMP)).max() <= 1


@pytest.mark.parametrize("padding", [-2000, 63536])  # the same 16 bits
@pytest.mark.parametrize("model", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_no_part_of_the_range(padding: int, model: str, tmp_path: Path) -> None:
    values = UNITS.copy()
    values[:, :5] = -2000
    path = written(tmp_path / "a.dcm", values, PhotometricInterpretation=model)
    dataset = pydicom.dcmread(path)
    dataset.add_new("PixelPaddingValue", "SS" if padding < 0 else "US", padding)
    dataset.save_as(path)
    found, inside = read_dicom(path), UNITS[:, 5:].astype(float)
    expected = np.rint((inside - inside.min()) * 255 / (inside.max() - inside.min()))
    assert (found[:, :5] == 0).all()
    assert np.array_equal(found[:, 5:], expected if model == "MONOCHROME2" else 255 - expected)


def test_padding_may_be_a_range(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", UNITS)
    dataset = pydicom.dcmread(path)
    dataset.add_new("PixelPaddingValue", "SS", -1000)
    dataset.add_new("PixelPaddingRangeLimit", "SS", -500)
    dataset.save_as(path)
    found = read_dicom(path)
    assert (found[UNITS <= -500] == 0).all()
    assert found[UNITS > 0].min() > 80


def test_an_inverse_presentation_is_inverted_once(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", RAMP, PresentationLUTShape="INVERSE")
    assert np.array_equal(read_dicom(path), 255 - RAMP)
    assert np.array_equal(read_dicom(changed(path, PhotometricInterpretation="MONOCHROME1")), 255 - RAMP)


def colored(path: Path, values: np.ndarray, model: str) -> Path:
    write_dicom(path, values[..., 0])
    dataset = pydicom.dcmread(path)
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 3, 0, model
    dataset.PixelData = values.tobytes()
    dataset.save_as(path)
    return path


def test_color_is_kept_in_three_channels_and_luminance_in_one(tmp_path: Path) -> None:
    color = np.stack([RAMP, RAMP[::-1], RAMP // 2], axis=-1)
    path = colored(tmp_path / "a.dcm", color, "RGB")
    assert np.array_equal(read_dicom(path, channels=3), color)
    luminance = color @ [0.299, 0.587, 0.114]  # ITU-R 601-2
    assert np.abs(read_dicom(path) - luminance).max() <= 1


def test_brightness_and_two_colors_are_turned_to_red_green_and_blue(tmp_path: Path) -> None:
    """C.7.6.3.1.2: Y = .2990 R + .5870 G + .1140 B, and so on."""
    color = np.stack([RAMP, RAMP[::-1], RAMP // 2], axis=-1)
    turn = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
    stored = np.rint(color @ turn.T + [0, 128, 128]).clip(0, 255).astype(np.uint8)
    found = read_dicom(colored(tmp_path / "a.dcm", stored, "YBR_FULL"), channels=3)
    assert np.abs(found.astype(int) - color).max() <= 3


def test_a_palette_says_what_color_an_index_has(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", RAMP, PhotometricInterpretation="PALETTE COLOR")
    dataset = pydicom.dcmread(path)
    for name, scale in (("Red", 257), ("Green", 0), ("Blue", 128)):
        dataset.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        levels = np.arange(256, dtype="<u2") * scale
        dataset.add_new(f"{name}PaletteColorLookupTableData", "OW", levels.tobytes())
    dataset.save_as(path)
    found = read_dicom(path, channels=3)
    expected = np.stack([RAMP, 0 * RAMP, np.rint(RAMP.astype(float) * 128 / 257)], axis=-1)
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("syntax", ["JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"])
@pytest.mark.parametrize("deep", [False, True])
def test_what_archives_pack_without_loss_comes_out_as_it_was(syntax: str, deep: bool, tmp_path: Path) -> None:
    values = (UNITS + 1000).astype(np.int16) if deep else RAMP
    plain, packed = tmp_path / "plain.dcm", tmp_path / "packed.dcm"
    write_dicom(plain, values)
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(packed))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    assert pydicom.dcmread(packed).file_meta.TransferSyntaxUID.is_compressed
    assert np.array_equal(read_dicom(packed), read_dicom(plain))


@pytest.mark.parametrize(
    ("elements", "why"),
    [
        ({"NumberOfFrames": 2}, r"it has 2 frames; expected one\. Write each frame"),
        ({"PhotometricInterpretation": "HSV"}, "its color model is 'HSV'; expected MONOCHROME1, "),
        ({"WindowCenter": 3, "WindowWidth": 0}, r"its window has the center 3 and the width 0\. Export it"),
        ({"WindowCenter": 3, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, "'CUBIC', is none of the standard's"),
    ],
)
def test_what_follows_no_rule_is_refused_with_the_rule(elements: dict[str, Any], why: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", UNITS, **elements)
    with pytest.raises(DataError, match=rf"a\.dcm .*{why}"):
        read_dicom(path)


def test_a_broken_table_names_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", RAMP, VOILUTSequence=[Dataset()])
    with pytest.raises(DataError, match=r"a\.dcm .*its header, look-up table or window cannot be used"):
        read_dicom(path)


def test_an_almost_empty_exposure_is_a_picture(tmp_path: Path) -> None:
    """A marker of metal in an image that is dark otherwise: whole numbers are taken as they are."""
    values = np.full((50, 40), 3, np.int16)
    values[7, 7], values[8, 8] = 4000, 2
    found = read_dicom(written(tmp_path / "a.dcm", values))
    assert (found[7, 7], found.sum()) == (255, 255)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_in_a_header_names_the_file(data: st.DataObject, tmp_path: Path) -> None:
    """Whatever pydicom or NumPy raise of it; where it does no harm, there is a picture."""
    path = written(tmp_path / "a.dcm", UNITS[:4, :4], WindowCenter=[100, 3], WindowWidth=[20, 4], RescaleSlope=2)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(132, len(content) - 33))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        assert read_dicom(path).dtype == np.uint8
    except DataError as error:
        assert "a.dcm" in str(error)


def test_a_file_is_dicom_by_its_content_whatever_it_is_called(tmp_path: Path) -> None:
    write_dicom(tmp_path / "IM_0001", RAMP)
    (tmp_path / "short.dcm").write_bytes(b"DICM")
    assert is_dicom(tmp_path / "IM_0001")
    assert not is_dicom(tmp_path / "short.dcm")
    assert not is_dicom(tmp_path / "none")
