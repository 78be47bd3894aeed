"""Finding images that have a file for each channel: files beside each other whose names end in the channels' names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from datamodules.describing.paired import MASK, SHARE, VIEW
from datamodules.describing.reading import Reading, given
from datamodules.folders.channels import Channels

KNOWN = (
    r"r(ed)?", r"g(reen)?", r"b(lue)?", r"nir|near_?infrared|infrared|ir", r"dapi|hoechst", r"fitc|gfp",
    r"cy3|rfp|tritc", r"cy5", r"t1|t1w|t1n|t1pre", r"t1ce|t1c|t1gd|t1post|t1km", r"t2|t2w", r"t2f|flair|fl|t2flair",
    r"pd|pdw", r"dwi", r"adc", r"swi", r"dce", r"pet|suv", r"ct", r"ch(annel)?[ _-]?[0-9]{1,2}", r"[0-9]{3,4}nm",
)  # fmt: skip
"""Names of channels, in lower case, in the order in which channels are given: colors of light, stains, sequences of MRI
(as in BraTS, https://www.synapse.org/brats2023), other modalities, numbered channels, wavelengths."""

SIDES = re.compile(r"l|r|left|right|od|os|ap|pa|lat(eral)?|frontal|cc|mlo|[lr](cc|mlo)", re.IGNORECASE)
"""Names of sides and views, which are images of their own."""

MOST = 8
"""How many unknown ends of names may be those of channels, at most."""

FEWEST = 3
"""How many images must have the same ends for it to be said that these may be channels."""


class Channeled(NamedTuple):
    """A way to take the files of a folder as channels of images.

    Attributes:
        channels: the ends of the names of the files of an image, in order; none: each file is an image.
        images: the paths that stand for images: those of files that are no channel, and of each image with several
            files the path that its name would have as one file, which need not be there.
        lacking: whether some image lacks a file of a channel.
        why: sentences on why the files are taken so.
        unsure: sentences on what somebody should look at.
    """

    channels: Channels
    images: list[str]
    lacking: bool = False
    why: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    def stated(self, reading: Reading) -> Reading:
        """The reading with the argument that states the channels, if there are several."""
        if not self.channels.suffixes:
            return reading.also(unsure=self.unsure)
        arguments = given(channel_suffixes=self.channels.suffixes)
        arguments |= given(missing="leave out") if self.lacking else {}
        return reading.also(arguments, self.why, self.unsure)


def ways(files: Sequence[str]) -> list[Channeled]:
    """The ways to take files as channels of images, the likeliest first; one where nothing leaves a choice.

    Ends of names are channels where two or more of them name channels. Where others stand beside these, which name
    neither channels nor masks, there is a second way, in which they are channels too.

    Args:
        files: the paths of the image files under the folder, masks included.
    """
    ends = _ends(files)
    chosen, counts = _chosen(ends)
    if not chosen:
        return [Channeled(Channels(()), list(files), unsure=_perhaps(ends, set(files)))]
    having = [base for base, own in ends.items() if chosen <= own.keys()]
    beside = Counter(end for base in having for end in ends[base] if end not in counts)
    # A longer end that holds a channel's, as _001_t1 of 12_001_t1, is the end of the same file.
    others = sorted(
        end
        for end, count in beside.items()
        if count >= SHARE * len(having) and not end.endswith(tuple(counts)) and not MASK.search(end)
        and not VIEW.search(end)
    )  # fmt: skip
    first = _way(files, ends, _ordered(chosen))
    if _times(chosen) and not others:
        said = "names end in t1 and t2, which may be two sequences of MRI, or two times"
        return [first, Channeled(Channels(()), list(files), unsure=(said,))]
    if not others:
        return [first]
    said = f"{', '.join(others)} may be channels too, or masks"
    more = _way(files, ends, (*_ordered(chosen), *others))
    return [first._replace(unsure=(*first.unsure, said)), more._replace(unsure=(*more.unsure, said))]


def names_single_files(channels: Channels, cells: Sequence[str]) -> bool:
    """Whether the cells of a table name files of single channels, so that each file is an image of its own.

    Args:
        channels: the channels that files are taken for.
        cells: different cells of a column that may name images.
    """
    stems = [PurePosixPath(cell.replace("\\", "/")).stem for cell in cells]
    return all(any(stem.endswith(suffix) for stem in stems) for suffix in channels.suffixes)


Ends = Mapping[tuple[str, str], Mapping[str, str]]
"""By what the names of files begin with, folders included, and their ending: the files by what stands between."""


def _ends(files: Sequence[str]) -> Ends:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name in files:
        path = PurePosixPath(name)
        for end in _parts(path.stem):
            base = path.with_name(path.stem.removesuffix(end)).as_posix()
            found.setdefault((base, path.suffix), {})[end] = name
    return found


def _parts(stem: str) -> Iterator[str]:
    """What a name may end in, from a sign on, the shortest first."""
    for mark in reversed(list(re.finditer(r"[ _.-]", stem))):
        if mark.start():
            yield stem[mark.start() :]


def _place(end: str) -> int | None:
    """The place of a channel in ``KNOWN`` by the end of its name; None where it is no known channel."""
    word = end.strip(" _.-").lower()
    return next((place for place, known in enumerate(KNOWN) if re.fullmatch(known, word)), None)


def _times(ends: frozenset[str]) -> bool:
    """Whether ends of names may say when an image was taken: the first and the second time."""
    return {end.strip(" _.-").lower() for end in ends} == {"t1", "t2"}


def _ordered(ends: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(ends, key=lambda end: (_place(end), end.lower())))


def _chosen(ends: Ends) -> tuple[frozenset[str], Counter[str]]:
    """The ends that are channels, two or more, or none; and how many names have each known end."""
    sets, counts = Counter[frozenset[str]](), Counter[str]()
    for own in ends.values():
        known = frozenset(end for end in own if _place(end) is not None)
        sets[known] += len(known) > 1
        counts.update(known)
    count = max(sets.values(), default=0)
    whole = frozenset().union(*(known for known, number in sets.items() if number >= SHARE * count))
    if count < 2 or any(one != other and one.endswith(other) for one in whole for other in whole):
        return frozenset(), counts
    of_any = sum(1 for own in ends.values() if whole & own.keys())
    having = sum(1 for own in ends.values() if whole <= own.keys())
    return (whole, counts) if having >= max(2, SHARE * of_any) else (frozenset(), counts)


def _way(files: Sequence[str], ends: Ends, suffixes: tuple[str, ...]) -> Channeled:
    """The files with those of each image's channels as one."""
    joined = {
        name: f"{base}{ending}"
        for (base, ending), own in ends.items()
        for suffix, name in own.items()
        if suffix in suffixes
    }
    having = Counter(joined.values())
    whole = sum(count == len(suffixes) for count in having.values())
    why = f"names end in {', '.join(suffixes)}: {whole:,} images have a file for each of {len(suffixes)} channels"
    unsure = (
        f"channels are told from names; if each file is an image of its own, leave out channel_suffixes. The order is "
        f"{', '.join(Channels(suffixes).names)}",
    )
    images = sorted({joined.get(name, name) for name in files})
    return Channeled(Channels(suffixes), images, whole < len(having), (why,), unsure)


def _perhaps(ends: Ends, files: set[str]) -> tuple[str, ...]:
    """A sentence where all names end in one of a few unknown words, each image's in the same ones."""
    by_set: dict[frozenset[str], list[tuple[str, str]]] = {}
    for (base, ending), own in ends.items():
        if 2 <= len(own) <= MOST and f"{base}{ending}" not in files:
            by_set.setdefault(frozenset(own), []).append((base, ending))
    for same, bases in by_set.items():
        words = [end.strip(" _.-") for end in same]
        covered = {ends[base][end] for base in bases for end in same}
        told = all(word and not word.isdecimal() and not SIDES.fullmatch(word) and not MASK.search(word)
                   for word in words)  # fmt: skip
        if told and len(bases) >= FEWEST and covered == files and all(re.fullmatch(r"[A-Za-z0-9]+", w) for w in words):
            listed = ", ".join(f'"{end}"' for end in sorted(same))
            return (f"all names end in one of {listed}; if these are channels, state channel_suffixes=({listed})",)
    return ()
