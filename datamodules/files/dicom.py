"""Reading DICOM images by pydicom, and writing the small ones of phantom editions."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from datamodules.files.bounded import Bounded
from datamodules.files.decoder_messages import decoder_messages
from datamodules.files.dicom_header import check_pixels, merged
from datamodules.files.images import missing, refused_by_system, stretched, unreadable
from datamodules.files.kinds import seems
from datamodules.files.stored import UnsuitedError
from specs.errors import DataError
from specs.files import no_file
from specs.quoting import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


NO_PICTURE = "Export it as a gray or color image, or leave it out."

REPAIR = "Compare its size with that of the place where it came from, or leave it out."

MOST_PIXELS = 2**26
"""How many pixels a compressed image may have, 8,192 x 8,192 (0.5 GB as numbers); its file's size does not tell."""

MOST_INFLATED = 2**28
"""How many bytes a file of the deflated transfer syntax may have once it is inflated."""

BLOCK = 2**20
"""How many bytes are inflated at a time."""


def read_dicom(path: Path, window: tuple[float, float] | None = None, channels: Literal[1, 3] = 1) -> Pixels:
    """The picture of a DICOM file as (H, W) or (H, W, 3) uint8, bright where the body absorbs much.

    Gray images go through the standard's pipeline (PS3.4, N.2): the modality's look-up table or rescaling (to
    Hounsfield units of CT), then ``window``, or else the file's own first look-up table of values of interest or
    window, with its function. Without one, stored values of up to 8 bits fill the range that BitsStored says, and
    others are stretched over the image's own range. MONOCHROME1 and an inverse presentation are inverted; padding is
    black and no part of the range. Color is RGB, whatever the file's color model; of more than 8 bits, it is stretched
    as gray is.

    Args:
        path: the path of the DICOM file.
        window: center and width of the window that is shown, in the modality's units; None: the file's own.
        channels: the number of channels: 1 turns color to luminance (ITU-R 601-2), 3 repeats gray.

    Raises:
        DataError: names the file if it is missing or unreadable, has several frames, or if the standard's rules give no
            picture of it.
    """
    try:
        dataset, values = opened_dicom(path)
        if values.ndim == 2 and dataset.PhotometricInterpretation != "PALETTE COLOR":
            gray = _gray(dataset, values, window)
            return gray if channels == 1 else _repeated(gray)
        color = _color(dataset, values)
    except (DataError, MemoryError):
        raise
    except UnsuitedError as error:
        raise unreadable(path, error, NO_PICTURE) from error
    except Exception as error:  # pydicom documents no common error for elements that are malformed
        why = f"its header, look-up table or window cannot be used ({plain(' '.join(str(error).split()), 200)})"
        raise unreadable(path, why, NO_PICTURE) from error
    return color if channels == 3 else _luminance(color)


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do (PS3.10, 7.1), whatever it is called; False if it is not there."""
    if no_file(path):
        return False
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def windowed(values: NDArray[Any], center: float, width: float, function: str = "LINEAR") -> NDArray[np.uint8]:
    """Values mapped from a window to 0..255 (DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3).

    Args:
        values: the values in the modality's units, of any shape.
        center: the center of the window, in the modality's units.
        width: the width of the window, in the modality's units: 1 or more for ``LINEAR``, above 0 for the others.
        function: the function of the window: ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``.

    Raises:
        UnsuitedError: if the width or the function is another.
    """
    import numpy as np

    if not (width >= 1 if function == "LINEAR" else width > 0) or not math.isfinite(center + width):
        raise UnsuitedError(f"its window has the center {center:g} and the width {width:g}")
    exact: NDArray[Any]
    if function == "SIGMOID":
        exact = 255 / (1 + np.exp(-4 * (values - center) / width))
    elif function in ("LINEAR", "LINEAR_EXACT"):
        center, width = (center - 0.5, width - 1) if function == "LINEAR" else (center, width)
        exact = ((values - center) / width + 0.5) * 255 if width else 255.0 * (values > center)
    else:
        raise UnsuitedError(f"the function of its window, {function[:20]!r}, is none of the standard's")
    pixels: NDArray[np.uint8] = np.rint(np.clip(exact, 0, 255)).astype(np.uint8)
    return pixels


def _gray(dataset: Any, values: NDArray[Any], window: tuple[float, float] | None) -> NDArray[np.uint8]:
    """The gray image (H, W) that the standard's pipeline makes of stored values."""
    import numpy as np
    from pydicom.pixels.processing import apply_modality_lut, apply_voi

    padding = padding_in(dataset, values)
    if padding.all():
        raise UnsuitedError("all of its pixels are padding")
    slope = float(dataset.get("RescaleSlope", 1))
    if slope == 0:
        raise UnsuitedError("its rescaling makes all of its values equal (RescaleSlope 0)")
    exact = apply_modality_lut(values, dataset)
    if not (np.isfinite(exact) | padding).all():
        raise UnsuitedError("it has values, or its rescaling makes some, that are infinite or no numbers")
    bits = int(dataset.BitsStored) if values.dtype.kind == "u" else 0  # 0: signed values fill no known range
    pixels: NDArray[np.uint8]
    if window is None and "VOILUTSequence" in dataset:
        highest = 2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1
        applied = apply_voi(np.rint(exact).astype(np.int64), dataset)
        pixels = np.rint(applied.astype(np.float64) * (255 / highest)).astype(np.uint8)
    elif chosen := window or _own_window(dataset):
        function = "LINEAR" if window else str(dataset.get("VOILUTFunction") or "LINEAR").upper()
        pixels = windowed(np.nan_to_num(exact.astype(np.float64), nan=-np.inf), *chosen, function)
        if window is None and len(np.unique(pixels[~padding])) == 1 < len(np.unique(values[~padding])):
            raise UnsuitedError(f"its own window (center {chosen[0]:g}, width {chosen[1]:g}) shows nothing of it")
    elif 0 < bits <= 8 and "ModalityLUTSequence" not in dataset and slope > 0:
        pixels = _filled(values, bits)
    else:
        pixels = stretched(np.where(padding, np.nan, exact))
    if dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        pixels = 255 - pixels
    pixels[padding] = 0
    return pixels


def padding_in(dataset: Any, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where stored values are padding (PS3.3, C.7.5.1.1.2): equal to a value, or between two."""
    import numpy as np

    if values.dtype.kind == "f":
        first = dataset.get("FloatPixelPaddingValue", dataset.get("DoubleFloatPixelPaddingValue"))
        unmeasured: NDArray[np.bool_] = np.isnan(values)
        return unmeasured if first is None else unmeasured | (values == values.dtype.type(first))
    if (first := dataset.get("PixelPaddingValue")) is None:
        return np.zeros(values.shape, dtype=bool)
    last = dataset.get("PixelPaddingRangeLimit", first)
    # Some programs write the bits of a signed value as an unsigned one, or the other way round.
    low, high = sorted(int(np.array(int(of) & 0xFFFF, np.uint16).astype(values.dtype)) for of in (first, last))
    found: NDArray[np.bool_] = (values >= low) & (values <= high)
    return found


def _color(dataset: Any, values: NDArray[Any]) -> NDArray[np.uint8]:
    """The RGB image (H, W, 3) of stored colors or palette indices; pydicom has turned other color models to RGB."""
    from pydicom.pixels.processing import apply_color_lut

    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        values = apply_color_lut(values, dataset)[..., :3]
        return _filled(values, 8 * values.itemsize)
    bits = int(dataset.BitsStored)
    return _filled(values, bits) if bits <= 8 else stretched(values)


def _filled(values: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Unsigned values of a number of bits, scaled so that the bits' range becomes 0..255."""
    import numpy as np

    pixels: NDArray[np.uint8] = np.rint(values.astype(np.float64) * (255 / (2**bits - 1))).astype(np.uint8)
    return pixels


def _repeated(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np

    return np.repeat(gray[..., None], 3, axis=2)


def _luminance(color: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(color).convert("L"), dtype=np.uint8)


def position(path: Path) -> float:
    """Where a slice lies along the body's axis, in mm (the third of ImagePositionPatient); pixels are not read.

    Raises:
        DataError: names the file if it is unreadable or has no position.
    """
    dataset = dicom_header(path, ["ImagePositionPatient"])
    try:
        return float(dataset.ImagePositionPatient[2])
    except Exception as error:  # pydicom documents no common error for elements that are malformed
        raise unreadable(path, f"it has no ImagePositionPatient ({error})") from error


def shape(path: Path) -> tuple[int, int]:
    """Height and width of the image; pixels are not read.

    Raises:
        DataError: names the file if it is unreadable or does not say.
    """
    dataset = dicom_header(path, ["Rows", "Columns"])
    try:
        return int(dataset.Rows), int(dataset.Columns)
    except Exception as error:  # as above
        raise unreadable(path, f"it has no Rows and Columns ({error})") from error


def write_dicom(path: Path, values: NDArray[Any], **elements: Any) -> None:
    """Write a small gray image as an uncompressed secondary capture; for phantom editions.

    Args:
        path: the path of the file; its stem decides the SOP instance UID.
        values: the stored values, (H, W) uint8 or int16.
        elements: further DICOM elements by keyword.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid(entropy_srcs=[path.stem])
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * values.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    dataset.PixelData = values.astype(values.dtype.newbyteorder("<")).tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


def dicom_header(path: Path, elements: list[str] | None = None) -> Any:
    """The header of a DICOM file: some of its elements, by keyword, without pixels; None: all, with them."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with Bounded(path) as file:
            _check_inflated(file)
            return pydicom.dcmread(file, specific_tags=elements, stop_before_pixels=elements is not None)
    except InvalidDicomError as error:
        what, remedy = seems(path) or ("no DICOM file, which begins with 128 bytes and DICM", REPAIR)
        raise unreadable(path, f"by its content it is {what}", remedy) from error
    except FileNotFoundError as error:
        raise missing(path) from error
    except OSError as error:
        raise (refused_by_system(path, error) if error.errno else unreadable(path, error, REPAIR)) from error
    except UnsuitedError as error:
        raise unreadable(path, error, NO_PICTURE) from error
    except Exception as error:  # pydicom documents no common error for what is no DICOM file
        raise unreadable(path, error, REPAIR) from error


def _check_inflated(file: Bounded) -> None:
    """Refuse a file of the deflated transfer syntax (PS3.5, A.5) that inflates to more than any image; then rewind it.

    Raises:
        UnsuitedError: if it does.
    """
    from pydicom.filereader import _read_file_meta_info, read_preamble
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    preamble = read_preamble(file, force=False)
    syntax = _read_file_meta_info(file).get("TransferSyntaxUID") if preamble else None
    if syntax == DeflatedExplicitVRLittleEndian:
        inflating, done = zlib.decompressobj(-zlib.MAX_WBITS), 0
        rest = file.read()
        while rest and done <= MOST_INFLATED:
            done += len(inflating.decompress(rest, BLOCK))
            rest = inflating.unconsumed_tail
        if done > MOST_INFLATED:
            raise UnsuitedError(f"its packed elements grow to more than {MOST_INFLATED:,} bytes")
    file.seek(0)


def opened_dicom(path: Path) -> tuple[Any, NDArray[Any]]:
    """The header and the stored values of the only frame: (H, W), or (H, W, 3) in RGB."""
    dataset = merged(dicom_header(path))
    if (frames := dataset.get("NumberOfFrames")) not in (None, "", 0, 1):
        raise unreadable(
            path,
            f"it has {str(frames)[:20]} frames; expected one",
            "Write each frame that counts as a file of its own.",
        )
    check_pixels(dataset)
    known = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
    if (model := dataset.get("PhotometricInterpretation")) not in known:
        raise unreadable(path, f"its color model is {str(model)[:20]!r}; expected {', '.join(known)}", NO_PICTURE)
    _check_size(path, dataset)
    try:
        with decoder_messages() as messages:
            values = dataset.pixel_array
    except Exception as error:  # pydicom's decoders document no common error for damaged pixel data
        if "by all available plugins" in str(error):  # these words are about the decoders, not about the file
            packed = dataset.file_meta.TransferSyntaxUID.name
            why = f"its pixels ({packed}) cannot be unpacked: they are damaged, or of a kind that no decoder here reads"
            raise unreadable(path, why, "Fetch it again, or export it without compression.") from error
        raise unreadable(path, plain(" ".join(str(error).split()), 200)) from error
    if messages:
        raise unreadable(path, f"its packed pixels are damaged ({plain(messages[0], 200)})")
    if values.ndim != 2 and values.shape[2:] != (3,):
        raise unreadable(path, f"its pixels are of shape {values.shape}; expected one image", NO_PICTURE)
    return dataset, values


def _check_size(path: Path, dataset: Any) -> None:
    """Refuse compressed pixels that may be more than ``MOST_PIXELS``; others are as many as the file holds."""
    pixels = int(dataset.get("Rows") or 0) * int(dataset.get("Columns") or 0)
    if dataset.file_meta.TransferSyntaxUID.is_compressed and pixels > MOST_PIXELS:
        raise unreadable(path, f"it has {pixels:,} pixels; {MOST_PIXELS:,} are read at most", "Make it smaller.")


def _own_window(dataset: Any) -> tuple[float, float] | None:
    """Center and width of the file's first window."""

    def first(name: str) -> float | None:
        value = dataset.get(name)
        value = value[0] if hasattr(value, "__len__") and not isinstance(value, str) and len(value) else value
        return None if value is None or value == "" else float(value)

    center, width = first("WindowCenter"), first("WindowWidth")
    return None if center is None or width is None else (center, width)
