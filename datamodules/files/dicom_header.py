"""What a DICOM header says of its pixels: gathered from where enhanced files have it, refused if they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datamodules.files.stored import UnsuitedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
"""The elements in which enhanced images describe a frame, and all frames (PS3.3, C.7.6.16)."""

MACROS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")
"""The sequences for rescaling and windows in these elements (PS3.3, C.7.6.16.2.9 and C.7.6.16.2.10)."""

SAID = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
"""The elements that the header of an image must have (PS3.3, C.7.6.3)."""

OPTIONAL = ("ModalityLUTSequence", "VOILUTSequence", "RescaleSlope", "RescaleIntercept", "PixelPaddingRangeLimit")
"""Elements that are removed where they are empty, since decoders fail on them."""


def merged(dataset: Any) -> Any:
    """A header of one frame with the rescaling and the window of its functional groups, and without empty elements."""
    for name in GROUPS:
        for group in dataset.get(name) or ():
            for macro in MACROS:
                for found in group.get(macro) or ():
                    for element in found:
                        if element.tag not in dataset:
                            dataset.add(element)
    for name in OPTIONAL:
        if name in dataset and dataset[name].is_empty:
            del dataset[name]
    return dataset


def check_pixels(dataset: Any) -> None:
    """Refuse a header without pixels, or pixels that use other bits than the header says (PS3.5, 8.1.1).

    Raises:
        UnsuitedError: says what is not so.
    """
    if "TransferSyntaxUID" not in dataset.file_meta:
        raise UnsuitedError("its header does not say how its pixels are stored (TransferSyntaxUID)")
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        kind = getattr(dataset.get("SOPClassUID"), "name", None)
        raise UnsuitedError(f"it holds no image ({str(kind)[:60]})" if kind else "it holds no image")
    if "PixelData" not in dataset:
        return
    if lacking := [name for name in SAID if name not in dataset]:
        raise UnsuitedError(f"its header lacks {', '.join(lacking)}")
    stored, highest = int(dataset.BitsStored), int(dataset.HighBit)
    if highest != stored - 1:
        raise UnsuitedError(f"its values have {stored} bits of which the highest is number {highest}, not {stored - 1}")
    if not dataset.file_meta.TransferSyntaxUID.is_compressed and dataset.BitsAllocated in (8, 16):
        _check_bits(dataset, stored)


def _check_bits(dataset: Any, stored: int) -> None:
    """Refuse values that need more bits than ``BitsStored``, unless the others are those of an overlay."""
    import numpy as np

    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    size, data = int(dataset.BitsAllocated) // 8, dataset.PixelData
    found: NDArray[np.unsignedinteger[Any]] = np.frombuffer(data, f"{order}u{size}", len(data) // size)
    kind, whole = found.dtype.type, (1 << 8 * size) - 1
    unused = kind(whole & ~((1 << stored) - 1) & ~_overlay_bits(dataset))
    odd = found & unused != 0
    if dataset.PixelRepresentation == 1:  # negative values may be sign-extended into the bits above
        odd &= (found & unused != unused) | (found & kind(1 << stored - 1) == 0)
    if count := int(np.count_nonzero(odd)):
        raise UnsuitedError(
            f"{count:,} of its values have bits above the {stored} that its header says (BitsStored), where no overlay "
            "is said to be"
        )


def _overlay_bits(dataset: Any) -> int:
    """The bits of stored values that are overlays (PS3.3, C.9.2; retired), as a mask."""
    positions = [element.value for element in dataset if 0x6000 <= element.tag.group <= 0x60FF
                 and element.tag.element == 0x0102]  # fmt: skip
    return sum(1 << int(position) for position in set(positions) if position)
