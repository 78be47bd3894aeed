"""Reading DICOM images by pydicom, and writing the small ones of phantom editions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from datamodules.files.images import UnsuitedError, stretched, unreadable
from specs.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


NO_PICTURE = "Export it as a gray or color image, or leave it out."

Unusable = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, NotImplementedError)
"""What pydicom and NumPy raise of header elements that are malformed or contradict each other."""


def read_dicom(path: Path, window: tuple[float, float] | None = None, channels: Literal[1, 3] = 1) -> Pixels:
    """The picture of a DICOM file as (H, W) or (H, W, 3) uint8, bright where the body absorbs much.

    Gray images go through the standard's pipeline (PS3.4, N.2): the modality's look-up table or rescaling (to
    Hounsfield units of CT), then ``window``, or else the file's own first look-up table of values of interest or
    window, with its function. Without one, stored values of up to 8 bits are taken as they are, and others stretched
    over the image's own range. MONOCHROME1 and an inverse presentation are inverted; padding is black and no part of
    the range. Color is RGB, whatever the file's color model.

    Args:
        path: the file.
        window: center and width in the modality's units.
        channels: 1 turns color to luminance (ITU-R 601-2), 3 repeats gray.

    Raises:
        DataError: names the file if it is missing or unreadable, has several frames, or if the standard's rules give no
            picture of it.
    """
    dataset, values = _open(path)
    try:
        if values.ndim == 2 and dataset.PhotometricInterpretation != "PALETTE COLOR":
            gray = _gray(dataset, values, window)
            return gray if channels == 1 else _repeated(gray)
        color = _color(dataset, values)
    except UnsuitedError as error:
        raise unreadable(path, error, NO_PICTURE) from error
    except Unusable as error:
        raise unreadable(path, f"its look-up table or window cannot be applied ({error})", NO_PICTURE) from error
    return color if channels == 3 else _luminance(color)


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do (PS3.10, 7.1), whatever it is called; False if it is not there."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def windowed(values: NDArray[Any], center: float, width: float, function: str = "LINEAR") -> NDArray[np.uint8]:
    """Values mapped from a window to 0..255 (DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3).

    Args:
        values: in the modality's units.
        center: of the window.
        width: of the window: 1 or more, of the other functions above 0.
        function: ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``.

    Raises:
        UnsuitedError: if the width or the function is another.
    """
    import numpy as np

    if width < 1 if function == "LINEAR" else width <= 0:
        raise UnsuitedError(f"its window has the width {width:g}")
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
    """The standard's pipeline, from stored values, (H, W)."""
    import numpy as np
    from pydicom.pixels.processing import apply_modality_lut, apply_voi

    padding = _padding(dataset, values)
    exact = apply_modality_lut(values, dataset)
    own = None if window or "VOILUTSequence" in dataset else _own_window(dataset)
    if window or own:
        center, width = window or own or (0.0, 1.0)
        function = "LINEAR" if window else str(dataset.get("VOILUTFunction") or "LINEAR").upper()
        pixels = windowed(exact.astype(np.float64), center, width, function)
    elif "VOILUTSequence" in dataset:
        highest = 2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1
        applied = apply_voi(np.rint(exact).astype(np.int64), dataset)
        pixels = np.rint(applied.astype(np.float64) * (255 / highest)).astype(np.uint8)
    elif values.dtype == np.uint8 and "ModalityLUTSequence" not in dataset:  # rescaling alone keeps their order
        pixels = values.copy()
    else:
        pixels = stretched(np.where(padding, np.nan, exact))
    if dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        pixels = 255 - pixels
    pixels[padding] = 0
    return pixels


def _padding(dataset: Any, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where stored values are padding (PS3.3, C.7.5.1.1.2): equal to a value, or between two."""
    import numpy as np

    if (first := dataset.get("PixelPaddingValue")) is None:
        return np.zeros(values.shape, dtype=bool)
    last = dataset.get("PixelPaddingRangeLimit", first)
    # Programs write the bits of a signed value as an unsigned one and the other way round.
    low, high = sorted(int(np.array(int(of) & 0xFFFF, np.uint16).astype(values.dtype)) for of in (first, last))
    found: NDArray[np.bool_] = (values >= low) & (values <= high)
    return found


def _color(dataset: Any, values: NDArray[Any]) -> NDArray[np.uint8]:
    """RGB, (H, W, 3), of color or palette indices; pydicom has turned other color models to RGB."""
    import numpy as np
    from pydicom.pixels.processing import apply_color_lut

    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        values = apply_color_lut(values, dataset)[..., :3]
    highest = 2 ** min(int(dataset.BitsStored), 16) - 1 if values.dtype != np.uint8 else 255
    if dataset.PhotometricInterpretation == "PALETTE COLOR" and values.dtype == np.uint16:
        highest = 65535
    pixels: NDArray[np.uint8] = np.rint(values.astype(np.float64) * (255 / highest)).astype(np.uint8)
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
    dataset = _header(path, ["ImagePositionPatient"])
    try:
        return float(dataset.ImagePositionPatient[2])
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise unreadable(path, f"it has no ImagePositionPatient ({error})") from error


def shape(path: Path) -> tuple[int, int]:
    """Height and width of the image; pixels are not read.

    Raises:
        DataError: names the file if it is unreadable or does not say.
    """
    dataset = _header(path, ["Rows", "Columns"])
    try:
        return int(dataset.Rows), int(dataset.Columns)
    except (AttributeError, TypeError) as error:
        raise unreadable(path, f"it has no Rows and Columns ({error})") from error


def write_dicom(path: Path, values: NDArray[Any], **elements: Any) -> None:
    """Write a small gray image as an uncompressed secondary capture; for phantom editions.

    Args:
        path: the file; its stem decides the SOP instance UID.
        values: (H, W) uint8 or int16.
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


def _header(path: Path, elements: list[str] | None = None) -> Any:
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        return pydicom.dcmread(path, specific_tags=elements, stop_before_pixels=elements is not None)
    except FileNotFoundError as error:
        raise DataError(f"the image {path} is missing. Complete the dataset's folder.") from error
    except (InvalidDicomError, OSError, EOFError, ValueError, AttributeError, KeyError, NotImplementedError) as error:
        raise unreadable(path, error) from error


def _open(path: Path) -> tuple[Any, NDArray[Any]]:
    """The header, and stored values of one frame: (H, W), or (H, W, 3) in RGB."""
    dataset = _header(path)
    if (frames := dataset.get("NumberOfFrames")) not in (None, "", 1):
        raise unreadable(
            path,
            f"it has {str(frames)[:20]} frames; expected one",
            "Write each frame that counts as a file of its own.",
        )
    known = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
    if (model := dataset.get("PhotometricInterpretation")) not in known:
        raise unreadable(path, f"its color model is {str(model)[:20]!r}; expected {', '.join(known)}", NO_PICTURE)
    try:
        values = dataset.pixel_array
    except Exception as error:  # pydicom's decoders document no common error for damaged pixel data
        raise unreadable(path, " ".join(str(error).split())[:200]) from error
    if values.ndim != 2 and values.shape[2:] != (3,):
        raise unreadable(path, f"its pixels are of shape {values.shape}; expected one image", NO_PICTURE)
    return dataset, values


def _own_window(dataset: Any) -> tuple[float, float] | None:
    """Center and width of the file's first window."""

    def first(name: str) -> float | None:
        value = dataset.get(name)
        value = value[0] if hasattr(value, "__len__") and not isinstance(value, str) and len(value) else value
        return None if value is None or value == "" else float(value)

    center, width = first("WindowCenter"), first("WindowWidth")
    return None if center is None or width is None else (center, width)
