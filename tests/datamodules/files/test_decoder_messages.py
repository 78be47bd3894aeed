"""Decoders in C that complain and go on: what they say is collected, shown nowhere, and taken for damage."""

from __future__ import annotations

import os
from pathlib import Path

import gdcm
import numpy as np
import pytest
from PIL import Image

from datamodules.files.decoder_messages import decoder_messages
from datamodules.files.dicom import read_dicom, write_dicom
from datamodules.files.images import read_gray
from specs.errors import DataError


def test_lines_of_decoders_are_collected_and_others_go_on(capfd: pytest.CaptureFixture[str]) -> None:
    with decoder_messages() as messages:
        os.write(2, b"Fax4Decode: Bad code word at line 2 of strip 0 (x 1).\n 12 images \xe2\x80\xa6\n")
        os.write(2, b"Corrupt JPEG data: bad Huffman code\n")
        assert not messages
    assert messages == ["Fax4Decode: Bad code word at line 2 of strip 0 (x 1).", "Corrupt JPEG data: bad Huffman code"]
    assert capfd.readouterr().err == " 12 images …\n"
    os.write(2, b"as before\n")
    assert capfd.readouterr().err == "as before\n"


@pytest.mark.parametrize(
    "line",
    [
        "medtransfer: the disk is full. Free some space.",
        "/a/b.py:3: UserWarning: marker is redundantly defined by the 'marker' keyword argument.",
        "WARNING: Location is ignored.",
        "  12 of 40 images, 3 JPEG files",
        "wandb: Run data is saved locally.",
    ],
)
def test_no_other_line_is_taken_for_one_of_a_decoder(line: str, capfd: pytest.CaptureFixture[str]) -> None:
    with decoder_messages() as messages:
        os.write(2, f"{line}\n".encode())
    assert messages == []
    assert capfd.readouterr().err == f"{line}\n"


def test_an_error_in_the_block_leaves_the_stream_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="of the block"), decoder_messages() as messages:
        os.write(2, b"JPEGLib: Bogus marker.\n")
        raise ValueError("of the block")
    os.write(2, b"as before\n")
    assert capfd.readouterr().err == "as before\n"
    assert messages == ["JPEGLib: Bogus marker."]


@pytest.mark.parametrize("compression", ["group4", "group3"])
def test_a_damaged_fax_mask_is_refused_where_libtiff_goes_on(
    compression: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, generator = tmp_path / "mask.tif", np.random.default_rng(1)
    bits = generator.random((64, 64)) > 0.5
    Image.fromarray(bits).save(path, compression=compression)
    assert np.array_equal(read_gray(path) > 0, bits)
    whole = path.read_bytes()
    refused = 0
    for _ in range(40):
        damaged = bytearray(whole)
        for place in generator.integers(16, len(whole) // 2, 8):
            damaged[place] = generator.integers(256)
        path.write_bytes(damaged)
        try:
            read_gray(path)
        except DataError as error:
            refused += "its data are damaged (" in str(error)
    assert refused >= {"group4": 30, "group3": 1}[compression]
    assert capfd.readouterr().err == ""


def test_a_damaged_jpeg_in_dicom_is_refused_where_its_decoder_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plain, packed, generator = tmp_path / "plain.dcm", tmp_path / "packed.dcm", np.random.default_rng(1)
    write_dicom(plain, generator.integers(0, 255, (64, 64)).astype(np.uint8))
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGBaselineProcess1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(packed))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    read_dicom(packed)
    whole = packed.read_bytes()
    refused = 0
    for _ in range(20):
        damaged = bytearray(whole)
        damaged[generator.integers(len(whole) - 2000, len(whole) - 100)] = generator.integers(256)
        packed.write_bytes(damaged)
        try:
            read_dicom(packed)
        except DataError as error:
            refused += "its packed pixels are damaged (Corrupt JPEG data" in str(error)
    assert refused >= 10
    assert capfd.readouterr().err == ""
