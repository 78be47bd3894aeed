"""Readings of a folder whose images lie in one folder for each class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from datamodules.describing.columns import absent_of
from datamodules.describing.reading import Reading, given
from datamodules.folders.splitting import NAMES

ROLES = re.compile(
    r"^(images?|imgs?|pictures|photos|scans|data|masks?|labels?|seg(mentations?|s)?|annotations?|ground[ _-]?truths?|"
    r"gt|manual|1st_manual|2nd_manual|thumbnails?|png|jpe?g|dicom|dcm|tiff?)$",
    re.IGNORECASE,
)
"""Names of folders that are no classes."""

MOST = 100
"""How many class folders there may be; where there are more, they may be patients."""


def by_folders(root: Path, images: Sequence[str], beside: tuple[str, ...]) -> list[Reading]:
    """The reading by class folders, with or without folders of splits above them; none if there are no class folders.

    Args:
        root: the folder that is described.
        images: the paths of the images under it, without masks.
        beside: how the names of masks end, before the ending of the file.
    """
    tops = {image.partition("/")[0] for image in images if "/" in image}
    at_root = any("/" not in image for image in images)
    splits = sorted(name for name in tops if name.lower() in NAMES)
    by_split = len(splits) > 1 and set(splits) == tops
    depth = 1 if by_split else 0
    if at_root:
        return []
    inner: dict[str, set[str]] = {}
    for image in images:
        parts = image.split("/")
        if len(parts) < depth + 2:
            return []
        inner.setdefault(parts[0] if by_split else "", set()).add(parts[depth])
    folders = sorted(set().union(*inner.values())) if inner else []
    if not 2 <= len(folders) <= MOST or any(has_a_role(name) for name in folders):
        return []
    why, unsure = [f"{len(folders)} folders hold the images: {', '.join(folders[:8])}"], []
    negative = absent_of(folders)
    if negative:
        (positive,) = (name for name in folders if name != negative)
        arguments = given(classes=(positive,), labels="folders", negative=(negative,))
        why.append(f"{negative} is the absence of {positive}")
    else:
        arguments = given(kind="multiclass", classes=tuple(folders), labels="folders")
    if beside:
        arguments |= given(beside=beside)
        why.append(f"files whose names end in {', '.join(beside)} are masks, which are not used")
    if by_split:
        arguments |= given(split_by="folders")
        why.append(f"the folders above them are splits: {', '.join(splits)}")
        has = {NAMES[name.lower()] for name in splits}
        if lacking := [name for name in ("validation", "test") if name not in has]:
            arguments |= given(empty_split="from train")
            unsure.append(f"there is no {' and no '.join(lacking)} split: a tenth of the training patients becomes it")
        for split, classes in inner.items():
            if absent := sorted(set(folders) - classes):
                unsure.append(f"the folder {split} has no {', '.join(absent)}")
    elif len(folders) > 20:
        unsure.append(f"{len(folders)} folders are many for classes: they may be patients")
    return [Reading(root, arguments, "class folders", tuple(why), tuple(unsure))]


def has_a_role(name: str) -> bool:
    """Whether a folder's name says that it is no class."""
    return bool(ROLES.match(name)) or name.lower() in NAMES or "mask" in name.lower()
