"""What an unexpected file seems to be, by its first bytes, and what to do about it."""

from __future__ import annotations

from pathlib import Path

AS_PNG = "Save it as PNG."
UNPACK = "Unpack it, and name the files in it."
AGAIN = "Fetch it again."

BEGINNINGS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file", "Run `git lfs pull` where it came from."),
    (0, b"BM", "a BMP image", AS_PNG),
    (8, b"WEBP", "a WebP image", AS_PNG),
    (4, b"ftyp", "an AVIF or HEIF image, or a film", AS_PNG),
    (4, b"jP  \r\n\x87\n", "a JPEG 2000 image", AS_PNG),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image", AS_PNG),
    (4, b"JXL \r\n\x87\n", "a JPEG XL image", AS_PNG),
    (0, b"\xff\x0a", "a JPEG XL image", AS_PNG),
    (0, b"II\xbc\x01", "a JPEG XR image", AS_PNG),
    (0, b"\0\0\x01\0", "an icon", AS_PNG),
    (0, b"8BPS", "a Photoshop file", AS_PNG),
    (0, b"%PDF", "a PDF file", "Export its image as PNG."),
    (0, b"%!PS", "a PostScript file", AS_PNG),
    (0, b"\x93NUMPY", "an array of NumPy", AS_PNG),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Save each image in it as PNG."),
    (0, b"NRRD", "an NRRD volume", "Save each slice that counts as PNG."),
    (344, b"n+1\0", "a NIfTI volume", "Save each slice that counts as PNG."),
    (0, b"\x1f\x8b", "packed by gzip, as NIfTI volumes are (.nii.gz)", UNPACK),
    (0, b"PK\x03\x04", "a zip archive, as Excel's workbooks are (.xlsx)", "Unpack it, or save a workbook as CSV."),
    (0, b"SQLite format 3", "a database of SQLite", "Export what is needed of it."),
    (128, b"DICM", "a DICOM file", AS_PNG),
)  # fmt: skip
"""The offset in bytes, the bytes that stand there, what such a file is, and what to do about it.

Sources: https://en.wikipedia.org/wiki/List_of_file_signatures; DICOM PS3.10, 7.1;
https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h.
"""

PAGES = (b"<!doctype", b"<html", b"<?xml")

BARE_DICOM = tuple(bytes((group, 0, element, 0)) for group, element in ((0x08, 0x00), (0x08, 0x05), (0x08, 0x08),
                                                                         (0x08, 0x16), (0x02, 0x00)))  # fmt: skip
"""The first bytes of DICOM data without a file's header, as ACR-NEMA files and network transfers have them."""

LOOKED_AT = 4096
"""How many bytes of a file's beginning are looked at."""


def seems(path: Path) -> tuple[str, str] | None:
    """What a file seems to be, with an article, and a sentence on what to do; None where nothing is known.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if not start:
        return "empty", AGAIN
    if not start.strip(b"\0"):
        return "nothing but zeros, as a transfer or a disk that broke leaves them", AGAIN
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGES):
        return "a web page, such as an error or a form", "Fetch the file itself."
    if start[:4] in BARE_DICOM:
        return (
            "DICOM data without the header of a DICOM file (PS3.10, 7.1)",
            "Write it as a DICOM file, such as by `dcmconv` of DCMTK.",
        )
    for place, beginning, what, remedy in BEGINNINGS:
        if start[place : place + len(beginning)] == beginning:
            return what, remedy
    return None
