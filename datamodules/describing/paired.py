"""Readings of a folder with images and masks, which lie in different folders or differ in their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from datamodules.describing.mask_values import values_of
from datamodules.describing.reading import Reading, given
from datamodules.describing.survey import Survey
from datamodules.files.pairing import Affix
from datamodules.folders.splitting import NAMES

MASK = re.compile(
    r"mask|seg|label|annot|truth|(^|[^a-z])gt([^a-z]|$)|manual|lesion|roi|vessel|[0-9](st|nd|rd)h?o|observer",
    re.IGNORECASE,
)
"""Words by which the names of masks and of their folders are known."""

VIEW = re.compile(r"(^|[^a-z])(fov|field|roi_?mask|valid)", re.IGNORECASE)
"""Words by which the names of fields of view are known, which are no masks."""

IMAGE = re.compile(
    r"(^|[^a-z])(im|img|image|imgs|images|photo|scan|orig|original|input|raw|picture|training|test)([^a-z]|$)",
    re.IGNORECASE,
)
"""Words by which the names of images and of their folders are known."""

OBSERVER = re.compile(r"[12](st|nd|$)|observer|manual|rater|reader", re.IGNORECASE)
"""A pattern for suffixes of masks that one of two observers drew."""

SHARE = 0.5
"""The share of images that must have a mask for names to be taken as a pattern of pairs."""

FEWEST = 2
"""How many pairs a pattern must have, at least."""


class Pattern(NamedTuple):
    """A rule by which images and masks go together.

    Attributes:
        images: the folder of the images, under the root; ``*/images`` is one in each of several folders.
        masks: the folder of the masks, likewise.
        image: what the names of images have before and behind the part that they share with masks.
        mask: what the names of masks have before and behind the part that they share with images.
        pairs: the mask of each image that has one, as paths under the root.
        alone: the paths of images without a mask, sorted.
    """

    images: str
    masks: str
    image: Affix
    mask: Affix
    pairs: dict[str, str]
    alone: list[str]


class Masked(NamedTuple):
    """What was found of pairs of images and masks.

    Attributes:
        readings: a reading for each set of masks and each meaning that their values may have; none where there are no
            pairs.
        images: the paths of the image files that are no masks.
        beside: how the names of masks that lie in the folder of their images end, before the ending of the file.
    """

    readings: list[Reading]
    images: list[str]
    beside: tuple[str, ...]


def by_masks(root: Path, found: Survey) -> Masked:
    """Find pairs of images and masks, and the readings that they give."""
    patterns = [*_of_folders(found), *_of_names(found)]
    patterns = [one for one in patterns if not any(_holds(other, one) for other in patterns)]
    most = max((len(one.pairs) for one in patterns), default=0)
    kept = [
        one
        for one in patterns
        if len(one.pairs) >= SHARE * most and not VIEW.search(f"{one.masks} {one.mask.prefix} {one.mask.suffix}")
    ]
    readings = []
    for one in kept:
        others = [other for other in kept if other is not one and other.masks == one.masks == one.images]
        readings += list(_readings(root, one, others))
    masks = {mask for one in patterns for mask in one.pairs.values()}
    beside = tuple(sorted({one.mask.suffix for one in patterns if one.images == one.masks and one.mask.suffix}))
    return Masked(readings, [name for name in found.images if name not in masks], beside)


def _holds(other: Pattern, one: Pattern) -> bool:
    """Whether another pattern has all pairs of one and more, or the same pairs by a simpler rule."""
    more, same = other.pairs.items() > one.pairs.items(), other.pairs == one.pairs
    return other is not one and (more or (same and "*" in one.images and "*" not in other.images))


def _readings(root: Path, one: Pattern, others: Sequence[Pattern]) -> Iterator[Reading]:
    """The readings of one set of masks."""
    arguments = given(kind="segmentation", images=one.images, masks=one.masks)
    named = {"image_prefix": one.image.prefix, "image_suffix": one.image.suffix,
             "mask_prefix": one.mask.prefix, "mask_suffix": one.mask.suffix}  # fmt: skip
    arguments |= {key: value for key, value in named.items() if value}
    beside = tuple(sorted(other.mask.suffix for other in others if other.mask.suffix))
    observed = len(beside) == 1 and OBSERVER.search(beside[0]) and OBSERVER.search(one.mask.suffix)
    if observed:
        arguments |= given(second=beside[0])
    elif beside:
        arguments |= given(beside=beside)
    how = _said(one)
    why = [f"{len(one.pairs):,} images have a mask {how}"]
    if observed:
        why.append(f"masks of a second observer, whose agreement stands beside the scores: {beside[0]}")
    elif beside:
        why.append(f"other masks of the same images, which are not used: {', '.join(beside)}")
    splits = {part.lower() for name in one.pairs for part in name.split("/")[:-1] if part.lower() in NAMES}
    if len(splits) > 1:
        arguments |= given(split_by="folders")
        why.append(f"folders are splits: {', '.join(sorted(splits))}")
        if {NAMES[name] for name in splits} != {"train", "validation", "test"}:
            arguments |= given(empty_split="from train")
            why.append("a split without a folder becomes a tenth of the training patients")
    if one.alone:
        arguments |= given(missing="leave out")
    what = "images and masks" + (f" {how}" if others else "")
    values = values_of([root / mask for mask in one.pairs.values()])
    if not values.choices:
        cause = values.unsure[0]
        yield Reading(root, arguments | given(classes=("foreground",)), what, (*why, values.said), asks=cause)
    for choice in values.choices:
        yield Reading(root, arguments | choice.arguments, f"{what}{choice.named}", (*why, values.said, *choice.why),
                      choice.unsure, choice.asks)  # fmt: skip


def _said(one: Pattern) -> str:
    if one.images != one.masks:
        return f"in {one.masks}"
    return f"called {one.mask.prefix}NAME{one.mask.suffix}" if any(one.mask) else "of the same name"


def _of_folders(found: Survey) -> Iterator[Pattern]:
    """Folders whose images have masks in another folder."""
    groups: dict[str, dict[str, str]] = {}
    for name in found.images:
        for folder, stem in _homes(name):
            groups.setdefault(folder, {})[stem] = name
    for masks, by_stem in groups.items():
        if not MASK.search(masks.rpartition("/")[2]):
            continue
        for images, own in groups.items():
            last = images.rpartition("/")[2]
            if images == masks or MASK.search(last) or not _beside(images, masks):
                continue
            if pattern := _best(images, masks, own, by_stem):
                yield pattern


def _homes(name: str) -> Iterator[tuple[str, str]]:
    """The folders that may count as the folder of an image, with its path under each; ``*`` is a folder of a split."""
    parts = PurePosixPath(name).parts
    for number in range(1, len(parts)):
        stem = PurePosixPath(*parts[number:]).with_suffix("").as_posix()
        yield "/".join(parts[:number]), stem
        if number == 2 and parts[0].lower() in NAMES:
            yield f"*/{parts[1]}", f"{parts[0]}/{stem}"


def _beside(images: str, masks: str) -> bool:
    """Whether the folder of masks lies in the folder that holds the folder of images, at any depth."""
    parent = images.rpartition("/")[0]
    return masks.startswith(f"{parent}/") if parent else not masks.startswith(("*/", f"{images}/"))


def _best(images: str, masks: str, own: dict[str, str], by_stem: dict[str, str]) -> Pattern | None:
    """The best pattern for two folders: names are equal, or equal except for what stands before or behind them."""
    best: Pattern | None = None
    for image, mask in [(Affix(), Affix()), *_affixes(own, by_stem)]:
        pairs = {}
        for stem, name in own.items():
            common = image.common(stem)
            if common is not None and (other := by_stem.get(mask.of(common))):
                pairs[name] = other
        if len(pairs) >= max(FEWEST, SHARE * len(own)) and (best is None or len(pairs) > len(best.pairs)):
            alone = sorted(set(own.values()) - set(pairs))
            best = Pattern(images, masks, image, mask, pairs, alone)
    return best


def _affixes(own: Iterable[str], others: Iterable[str]) -> Iterator[tuple[Affix, Affix]]:
    """What may stand before and behind the part that the names of two folders share, the most frequent first."""
    sorted_others, seen = sorted(others), Counter[tuple[Affix, Affix]]()
    for stem in sorted(own)[:20]:
        name = stem.rpartition("/")[2]
        for other in sorted_others[:400]:
            last = other.rpartition("/")[2]
            if stem.rpartition("/")[0] == other.rpartition("/")[0] and name != last and name in last:
                prefix, _, suffix = last.partition(name)
                seen[Affix(), Affix(prefix, suffix)] += 1
        ids = re.search(r"[0-9]+", name)
        if ids:
            image = Affix(name[: ids.start()], name[ids.end() :])
            for other in sorted_others[:400]:
                last = other.rpartition("/")[2]
                if (found := re.search(r"[0-9]+", last)) and found.group() == ids.group():
                    seen[image, Affix(last[: found.start()], last[found.end() :])] += 1
    yield from (pair for pair, _ in seen.most_common(6))


def _of_names(found: Survey) -> Iterator[Pattern]:
    """Images whose masks lie in the same folder and have longer names."""
    parents: dict[str, str] = {}
    for folder, names in found.by_folder.items():
        stems = {PurePosixPath(name).stem: name for name in names}
        for stem in stems:
            for base in _bases(stem):
                if base in stems:
                    parents[stems[stem]] = stems[base]
                    break
        del folder
    affixes = Counter[Affix]()
    pairs: dict[Affix, dict[str, str]] = {}
    for mask, image in parents.items():
        while image in parents:  # the shortest name is the image's
            image = parents[image]
        before, _, behind = PurePosixPath(mask).stem.partition(PurePosixPath(image).stem)
        affixes[Affix(before, behind)] += 1
        pairs.setdefault(Affix(before, behind), {})[image] = mask
    masks = set(parents)
    images = [name for name in found.images if name not in masks]
    top = _common_folder(found.images)
    for affix, count in affixes.items():
        if count >= max(FEWEST, SHARE * len(images)):
            alone = sorted(set(images) - set(pairs[affix]))
            yield Pattern(top, top, Affix(), affix, pairs[affix], alone)
    if not affixes:
        yield from _of_two_words(found, top)


def _bases(stem: str) -> Iterator[str]:
    """Parts of a name that may be that of its image, the longest first."""
    for mark in re.finditer(r"(?=[ _.-])", stem[1:]):
        yield stem[: mark.start() + 1]
    for mark in re.finditer(r"[ _.-]", stem):
        yield stem[mark.end() :]


def _of_two_words(found: Survey, top: str) -> Iterator[Pattern]:
    """Images and masks whose names differ by one word in both, such as ``1_image`` and ``1_label``."""
    words: dict[Affix, dict[str, str]] = {}
    for name in found.images:
        folder, _, _ = name.rpartition("/")
        stem = PurePosixPath(name).stem
        for affix, common in _split_name(stem):
            words.setdefault(affix, {})[f"{folder}/{common}"] = name
    images = [affix for affix in words if IMAGE.search("".join(affix)) and not MASK.search("".join(affix))]
    masks = [affix for affix in words if MASK.search("".join(affix))]
    for image in images:
        for mask in masks:
            pairs = {name: words[mask][common] for common, name in words[image].items() if common in words[mask]}
            if len(pairs) >= max(FEWEST, SHARE * len(words[image])):
                alone = sorted(set(words[image].values()) - set(pairs))
                yield Pattern(top, top, image, mask, pairs, alone)


def _split_name(stem: str) -> Iterator[tuple[Affix, str]]:
    """The ways to take a name apart into a word before or behind it, and the rest."""
    if mark := re.search(r"[ _.-][^ _.-]*$", stem):
        yield Affix("", stem[mark.start() :]), stem[: mark.start()]
    if mark := re.match(r"[^ _.-]*[ _.-]", stem):
        yield Affix(stem[: mark.end()], ""), stem[mark.end() :]


def _common_folder(names: Sequence[str]) -> str:
    """The folder that holds all files; ``.`` is the root."""
    folders = {name.rpartition("/")[0] for name in names}
    return folders.pop() or "." if len(folders) == 1 else "."
