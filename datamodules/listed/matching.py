"""Which images of a dataset a list names: names are compared from their end, the file's name first, then folders.

Case, Unicode form, the kind of slash and the ending do not matter, since copies of a dataset differ in them. An image
and a name of the list are one where the shorter path is the end of the longer: ``train/p1/view1.jpg`` and
``CheXpert-v1.0/train/p1/view1.jpg``, or ``00000001_000.png`` and ``images_001/00000001_000.png``. Where their folders
contradict each other, they are one if nothing else in the dataset or the list has that file name. Where several images
or several names would fit, it is ambiguous, unless one is the very path of the image.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from datamodules.dataset.sample import Sample
from datamodules.files.listing import IMAGES, VOLUMES
from datamodules.files.names import same

How = Literal["path", "file name", "ambiguous"]
"""How an image is found in a list: by a path of a folder or more, by its file's name alone, or not for sure."""

ENDINGS = "|".join(map(re.escape, sorted((*IMAGES, *VOLUMES), key=len, reverse=True)))
"""The endings of names of images and volumes, in lower case, as a part of a regular expression."""

ENDING = re.compile(rf"(?:{ENDINGS})$")

END, BEHIND = "\0", "\x01"
"""What ends each part of a key, and what comes just behind it in the order of texts."""

Keys = Sequence[str]
"""Names as sorted keys: their parts from the last one on, so that paths of one end stand together."""


def key_of(name: str) -> str:
    """The key of a name: its parts without case and ending, the last one first; empty for a name of no parts."""
    parts = [part for part in same(name.replace("\\", "/")).split("/") if part not in ("", ".")]
    if not parts:
        return ""
    parts[-1] = ENDING.sub("", parts[-1])
    return END.join(reversed(parts)) + END


def keys_of(names: Iterable[str]) -> Keys:
    """The different keys of names, sorted."""
    return sorted({key for name in names if (key := key_of(name))})


def found_in(
    listed: Keys, samples: Sequence[Sample], groups: Mapping[str, Sequence[Sample]] | None = None
) -> dict[str, How]:
    """How each image is found in a list, by the image's id; images that are not in it are left out.

    Args:
        listed: the keys of the list's names.
        samples: the images of a dataset, each with its id and its path.
        groups: the images that a name stands for together, such as all slices of a volume, by name; None: each image
            has names of its own.
    """
    owners: dict[tuple[str, ...], int] = {}
    owned: list[tuple[str, int]] = []  # a key, and the number of the image or of the images that it names
    for key, ids in _keyed(samples, groups):
        if key and ids:
            owned.append((key, owners.setdefault(ids, len(owners))))
    owned = sorted(set(owned))
    ours = _Owned([key for key, _ in owned], [owner for _, owner in owned])
    best: dict[int, How] = {}
    for key, owner in owned:
        how = _how(key, ours, listed)
        if how is not None and best.get(owner, "ambiguous") == "ambiguous":
            best[owner] = how
    found: dict[str, How] = {}
    for ids, owner in owners.items():
        for one in ids if owner in best else ():
            if found.get(one, "ambiguous") == "ambiguous":
                found[one] = best[owner]
    return found


def _keyed(
    samples: Sequence[Sample], groups: Mapping[str, Sequence[Sample]] | None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The keys of images, with the ids of the images that each stands for.

    Of an image's id and its path, the shorter is left out where it is the end of the longer: it says nothing more.
    """
    if groups is not None:
        yield from ((key_of(name), tuple(sorted(one.id for one in of))) for name, of in groups.items())
        return
    for sample in samples:
        own = key_of(sample.id)
        path = own if sample.source == sample.id else key_of(sample.source)
        if not path.startswith(own):
            yield own, (sample.id,)
        yield (own if own.startswith(path) else path), (sample.id,)


class _Owned:
    """The keys of a dataset's images.

    Args:
        keys: the sorted keys.
        owners: the number of the image, or of the images together, that each key names.
    """

    def __init__(self, keys: Keys, owners: Sequence[int]) -> None:
        self.keys, self.owners = keys, owners

    def one_has(self, end: str) -> bool:
        """Whether all keys that begin with a key, of paths that end in it, are of one image, or of one group."""
        first, behind = _range(self.keys, end)
        return all(self.owners[place] == self.owners[first] for place in range(first, behind))


def _how(key: str, ours: _Owned, listed: Keys) -> How | None:
    """How a key of an image is found in a list; None if it is not."""
    if longer := _count(listed, key):  # names that are the image's path, or end in it
        certain, parts = (longer == 1 or _has(listed, key)) and ours.one_has(key), key.count(END)
    elif (shorter := next((end for end in _ends(key) if _has(listed, end)), None)) is not None:
        certain, parts = ours.one_has(shorter), shorter.count(END)
    else:
        file_name = key[: key.index(END) + 1]
        others = _count(listed, file_name)
        if not others or not ours.one_has(file_name):
            return None  # no such file name, or one of several files, which their folders tell apart
        certain, parts = others == 1, 1
    return "ambiguous" if not certain else "path" if parts > 1 else "file name"


def _ends(key: str) -> Iterator[str]:
    """The ends of a path with fewer folders, as keys, the longest first."""
    parts = key.split(END)[:-1]
    for count in range(len(parts) - 1, 0, -1):
        yield "".join(f"{part}{END}" for part in parts[:count])


def _has(keys: Keys, key: str) -> bool:
    place = bisect_left(keys, key)
    return place < len(keys) and keys[place] == key


def _range(keys: Keys, begin: str) -> tuple[int, int]:
    """The places from and up to which sorted keys begin with a key."""
    return bisect_left(keys, begin), bisect_left(keys, begin[:-1] + BEHIND)


def _count(keys: Keys, begin: str) -> int:
    first, behind = _range(keys, begin)
    return behind - first
