"""Finding which volumes are of the same cases: patterns of paths in which stars stand for the name of the case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from datamodules.describing.paired import MASK
from datamodules.files.listing import VOLUMES, ending_of
from datamodules.slicing.cases import STAR, Pattern

LEAST = 2
"""How many cases a layout has, at least: of a single one nothing tells its name from what all have in common."""

MOST = 8
"""How many volumes a case may have, at most."""

DEEPEST = 4
"""How deep the folders may be in which stars are tried."""


class Family(NamedTuple):
    """Patterns of paths that fit the same cases, and together all volumes, each of them one.

    Attributes:
        patterns: the patterns, such as ``*/flair.nii.gz`` and ``*/seg.nii.gz``.
        cases: the names of the cases, sorted.
    """

    patterns: tuple[Pattern, ...]
    cases: tuple[str, ...]


def families(volumes: Sequence[str]) -> list[Family]:
    """The ways to take volumes for those of the same cases, the likeliest first.

    Those with a name for masks come before others, then those of several volumes a case, then those of more cases, then
    those whose patterns have fewer stars, and say less beside them.

    Args:
        volumes: the paths of all volumes under a folder: files, or folders of DICOM series.
    """
    found: dict[tuple[str, ...], Family] = {}
    for homes in _homes(volumes):
        for family in _of_homes(volumes, homes):
            found.setdefault(tuple(sorted(one.text for one in family.patterns)), family)

    def rank(family: Family) -> tuple[bool, bool, int, int, int]:
        texts = [one.text for one in family.patterns]
        several, stars = len(texts) > 1, sum(one.stars for one in family.patterns)
        masked = several and any(map(MASK.search, texts))
        return not masked, not several, -len(family.cases), stars, len("".join(texts))

    return sorted(found.values(), key=rank)


class _Home(NamedTuple):
    """The folder of a volume, in which some folders are stars.

    Attributes:
        text: the path of the folder, with stars; empty for the root.
        case: what the stars stand for, joined by slashes.
    """

    text: str
    case: str


def _homes(volumes: Sequence[str]) -> Iterator[Mapping[str, _Home]]:
    """The ways to put stars for the folders of volumes: none, or for the same levels of all of them."""
    folders = {name: name.split("/")[:-1] for name in volumes}
    literal = {name: _Home("/".join(parts), "") for name, parts in folders.items()}
    if len({home.text for home in literal.values()}) <= MOST:
        yield literal
    depths = {len(parts) for parts in folders.values()}
    if len(depths) != 1 or not 0 < max(depths) <= DEEPEST:
        return
    levels = range(max(depths))
    kinds = [{parts[level] for parts in folders.values()} for level in levels]
    must = {level for level in levels if len(kinds[level]) > MOST}
    may = [level for level in levels if 1 < len(kinds[level]) <= MOST]
    for count in range(len(may) + 1):
        for more in combinations(may, count):
            if starred := must | set(more):
                yield {
                    name: _Home(
                        "/".join(STAR if level in starred else part for level, part in enumerate(parts)),
                        "/".join(part for level, part in enumerate(parts) if level in starred),
                    )
                    for name, parts in folders.items()
                }


def _of_homes(volumes: Sequence[str], homes: Mapping[str, _Home]) -> Iterator[Family]:
    """The families of volumes whose folders are taken so."""
    if len({home.text for home in homes.values()}) > MOST:
        return
    found: dict[str, dict[str, str]] = {}
    for name in volumes:
        for text, case in _patterns(name.rpartition("/")[2], homes[name]):
            found.setdefault(text, {}).setdefault(case, name)
    by_cases: dict[frozenset[str], list[str]] = {}
    for text, named in found.items():
        if len(named) >= max(LEAST, len(volumes) / MOST):
            by_cases.setdefault(frozenset(named), []).append(text)
    for cases, texts in by_cases.items():
        covered = {found[text][case] for text in texts for case in cases}
        texts += _rest(set(volumes) - covered, homes, cases)
        if len(texts) <= MOST and len(texts) * len(cases) == len(volumes):
            yield Family(tuple(Pattern(text) for text in sorted(texts)), tuple(sorted(cases)))


def _rest(left: set[str], homes: Mapping[str, _Home], cases: frozenset[str]) -> list[str]:
    """Patterns without anything behind the star but an ending that fit the cases among volumes that are left."""
    found: dict[str, set[str]] = {}
    for name in left:
        last, home = name.rpartition("/")[2], homes[name]
        ending = _ending(last)
        found.setdefault(_joined(home.text, f"{STAR}{ending}"), set()).add(
            _joined(home.case, last.removesuffix(ending))
        )
    return [text for text, named in found.items() if named == cases]


def _patterns(last: str, home: _Home) -> Iterator[tuple[str, str]]:
    """The patterns that a volume fits, each with the case that it is then of.

    Args:
        last: the last part of its path.
        home: the folder that the volume is in.
    """
    if home.case:
        yield _joined(home.text, last), home.case
    ending = _ending(last)
    stem = last.removesuffix(ending)
    yield _joined(home.text, f"{STAR}{ending}"), _joined(home.case, stem)
    for sign in re.finditer(r"[-_.]", stem):
        if sign.start():
            yield (
                _joined(home.text, f"{STAR}{stem[sign.start() :]}{ending}"),
                _joined(home.case, stem[: sign.start()]),
            )
        if sign.end() < len(stem):
            yield _joined(home.text, f"{stem[: sign.end()]}{STAR}{ending}"), _joined(home.case, stem[sign.end() :])


def _ending(last: str) -> str:
    """The ending of a file of a volume as it is written; a folder of a series has none."""
    ending = ending_of(last)
    return last[len(last) - len(ending) :] if ending in VOLUMES else ""


def _joined(folder: str, last: str) -> str:
    return f"{folder}/{last}" if folder else last
