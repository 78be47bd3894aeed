"""Reading DICOM images by pydicom, and writing the small ones of phantom editions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.images import stretched, unreadable
from specs.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_dicom(path: Path, window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """The image of a DICOM file as (H, W) uint8, bright where the body absorbs much.

    Files of up to 8 bits are taken as they are. Deeper ones are rescaled to their modality's units (Hounsfield units
    for CT) and windowed: by ``window``, else by the file's own first window, else over the image's own range.
    MONOCHROME1 (low values bright) is inverted.

    Args:
        path: the file.
        window: center and width in the modality's units.

    Raises:
        DataError: names the file if it is missing, unreadable, or not one gray image.
    """
    dataset, values = _open(path)
    bits = int(dataset.get("BitsStored", 16))
    if bits <= 8 and window is None:
        pixels = values.astype("uint8")
    else:
        exact = values.astype("float64") * float(dataset.get("RescaleSlope", 1) or 1)
        exact += float(dataset.get("RescaleIntercept", 0) or 0)
        chosen = window or _own_window(dataset)
        pixels = windowed(exact, *chosen) if chosen else stretched(exact)
    inverted: NDArray[np.uint8] = 255 - pixels if dataset.PhotometricInterpretation == "MONOCHROME1" else pixels
    return inverted


def windowed(values: NDArray[Any], center: float, width: float) -> NDArray[np.uint8]:
    """Values mapped linearly from a window to 0..255 (DICOM PS3.3, C.11.2.1.2.1).

    Args:
        values: in the modality's units.
        center: of the window.
        width: of the window, above 1.
    """
    import numpy as np

    exact = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
    pixels: NDArray[np.uint8] = np.rint(np.clip(exact, 0, 255)).astype(np.uint8)
    return pixels


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
    dataset = _header(path)
    try:
        values = dataset.pixel_array
    except Exception as error:  # pydicom's decoders document no common error for damaged pixel data
        raise unreadable(path, error) from error
    if values.ndim != 2 or dataset.get("PhotometricInterpretation") not in ("MONOCHROME1", "MONOCHROME2"):
        raise unreadable(
            path,
            f"it is of shape {values.shape}, {dataset.get('PhotometricInterpretation')}; expected one gray image",
        )
    return dataset, values


def _own_window(dataset: Any) -> tuple[float, float] | None:
    def first(name: str) -> float | None:
        value = dataset.get(name)
        value = value[0] if hasattr(value, "__len__") and not isinstance(value, str) and len(value) else value
        return None if value is None or value == "" else float(value)

    center, width = first("WindowCenter"), first("WindowWidth")
    return (center, width) if center is not None and width is not None and width > 1 else None
