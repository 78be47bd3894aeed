"""The ledger: each claim of each paper with the verdict of printed numbers and of the finished tables on this disk."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from analysis.hypothesis import Evidence, Verdict, verdicts
from experiments.ledger.claim import Claim, Reading, SourceKind, Sum
from experiments.ledger.evidence_of import Judge, of_document, of_printed, test_set_error
from experiments.reporting.page.published import printed_numbers
from experiments.tables.document import TableDocument
from experiments.tables.preset import Profile
from specs.expression import Call
from specs.registry import CLAIMS

PROFILE_OF: Mapping[str, Profile] = {"paper": "paper", "small": "phantom", "smoke": "smoke"}
"""The profile whose labels a finished table has, by its protocol; other tables have those of the profile ``paper``."""


@dataclass(frozen=True)
class Part:
    """What a source says of one of a claim's parts.

    Attributes:
        name: what the part is, such as a task.
        evidence: what the numbers say.
        verdict: the verdict, corrected over the parts of the claim.
        of_test_set: the standard error, in points, of one area under the curve on so many test images as the paper has:
            how far new patients may move it, however many runs there are. None where the numbers are not known.
    """

    name: str
    evidence: Evidence
    verdict: Verdict
    of_test_set: float | None = None


@dataclass(frozen=True)
class Finding:
    """What one source says of a claim.

    Attributes:
        kind: ``as printed``, ``here`` for finished tables, or ``planted worlds`` for those whose truth is known.
        source: where the numbers are from, in words.
        edition: ``real`` or ``phantom`` images, on which the runs were done; printed numbers are of real ones.
        evidence: what the numbers say of the claim as a whole.
        verdict: the verdict, corrected over the claims of the paper that this kind of source, or this planted world, is
            asked about.
        alone: the verdict without correction.
        parts: what they say of the claim's parts.
        holds: whether the claim is true there by construction, in a planted world; None: that is not known.
    """

    kind: SourceKind
    source: str
    edition: Literal["real", "phantom"]
    evidence: Evidence
    verdict: Verdict
    alone: Verdict
    parts: tuple[Part, ...]
    holds: bool | None = None

    @property
    def right(self) -> bool:
        """Whether the verdict is right in a planted world: supported where the claim is true, and nowhere else.

        Where nothing could be tested, or where the truth is not known, no verdict is right.
        """
        if self.holds is None or self.verdict == "untested":
            return False
        return (self.verdict == "supported") == self.holds


@dataclass(frozen=True)
class LedgerEntry:
    """A claim with what all sources say of it.

    Attributes:
        name: the registered name of the claim.
        paper: the name of the paper's folder or, of a plugin, of its distribution.
        claim: what is claimed, in the labels of the paper's own profile.
        findings: what each source says; empty: nothing tests it.
    """

    name: str
    paper: str
    claim: Claim
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """The entry as plain data; numbers that are not defined are None."""
        plain: dict[str, Any] = _plain(dataclasses.asdict(self) | {"claim": dataclasses.asdict(self.claim)})
        for reading in [*plain["claim"]["readings"], *(world["reading"] for world in plain["claim"]["worlds"])]:
            for one in (reading["whole"], *reading["parts"]):
                one["weights"] = [
                    {"row": row, "column": column, "weight": weight} for (row, column), weight in one["weights"].items()
                ]
        return plain


def ledger(documents: Sequence[TableDocument], paper: str | None = None) -> list[LedgerEntry]:
    """Judge every registered claim.

    Claims of a paper are judged together: Holm's correction is over those that the same kind of source is asked about,
    of tables over those of the same protocol and edition. Those that are read in one planted world are corrected apart.

    Args:
        documents: the finished tables.
        paper: the name of the paper whose claims are judged; None: all.
    """
    by_paper: dict[str, list[str]] = {}
    for name, entry in CLAIMS.entries.items():
        parts = entry.module.split(".")
        of = parts[-3] if parts[-2:-1] == ["claims"] else entry.distribution
        by_paper.setdefault(of, []).append(name)
    chosen = {of: names for of, names in by_paper.items() if paper in (None, of)}
    return [one for of, names in chosen.items() for one in _of_paper(of, names, documents)]


def papers() -> list[str]:
    """The papers that have claims."""
    return list(dict.fromkeys(one.paper for one in ledger(())))


@dataclass(frozen=True)
class _Asked:
    """A reading of a claim in one source, before verdicts."""

    name: str
    kind: SourceKind
    source: str
    edition: Literal["real", "phantom"]
    family: str
    reading: Reading
    judge: Judge
    claim: Claim
    error_of: Callable[[Sum], float | None]
    holds: bool | None = None


def _of_paper(paper: str, names: Sequence[str], documents: Sequence[TableDocument]) -> list[LedgerEntry]:
    asked = [one for name in names for one in _asked(name, documents)]
    wholes = [one.judge(one.reading.whole, one.claim.hypothesis) for one in asked]
    corrected: dict[int, Verdict] = {}
    for family in dict.fromkeys(one.family for one in asked):
        places = [place for place, one in enumerate(asked) if one.family == family]
        found = verdicts([(asked[place].claim.hypothesis, wholes[place]) for place in places])
        corrected |= dict(zip(places, found, strict=True))
    findings: dict[str, list[Finding]] = {name: [] for name in names}
    for place, one in enumerate(asked):
        hypothesis = one.claim.hypothesis
        of_parts = [one.judge(part, hypothesis) for part in one.reading.parts]
        told = verdicts([(hypothesis, each) for each in of_parts])
        parts = zip(one.reading.parts, of_parts, told, strict=True)
        (alone,) = verdicts([(hypothesis, wholes[place])])
        findings[one.name].append(
            Finding(
                one.kind,
                one.source,
                one.edition,
                wholes[place],
                corrected[place],
                alone,
                tuple(Part(part.name, each, verdict, one.error_of(part)) for part, each, verdict in parts),
                one.holds,
            )
        )
    return [LedgerEntry(name, paper, _claim(name, "paper"), tuple(findings[name])) for name in names]


def _asked(name: str, documents: Sequence[TableDocument]) -> list[_Asked]:
    found = []
    printed: Claim = _claim(name, "paper")
    for reading in printed.readings:
        unprinted = reading.steps or reading.source == "here"
        numbers = None if unprinted else printed_numbers(reading.table)
        if numbers is not None:
            judge, error_of = of_printed(numbers), partial(test_set_error, numbers)
            found.append(
                _Asked(name, "as printed", numbers.source, "real", "as printed", reading, judge, printed, error_of)
            )
    for document in documents:
        profile = PROFILE_OF.get(document.protocol, "paper")
        claim: Claim = _claim(name, profile)
        for reading in claim.readings:
            if reading.source != "as printed" and _is_of(reading, document):
                source = f"{document.name}, {document.protocol} protocol"
                family = f"{document.protocol} {document.edition}"
                found.append(_of_table(name, claim, "here", source, family, reading, document))
        for world in claim.worlds:
            if _is_of(world.reading, document):
                source = f"{document.name}, {world.reading.whole.name}"
                of = _of_table(name, claim, "planted worlds", source, document.name, world.reading, document)
                found.append(dataclasses.replace(of, holds=world.holds))
    return found


def _is_of(reading: Reading, document: TableDocument) -> bool:
    """Whether a reading is of the registered table that a document was made of."""
    return reading.table == document.name.replace("-", "_")


def _of_table(
    name: str, claim: Claim, kind: SourceKind, source: str, family: str, reading: Reading, document: TableDocument
) -> _Asked:
    """What is asked of a finished table; what another test set would show is not known of it."""
    judge = of_document(document, reading.steps)
    return _Asked(name, kind, source, document.edition, family, reading, judge, claim, lambda part: None)


def _claim(name: str, profile: Profile) -> Claim:
    """A claim in the labels of a profile; an entry that makes none is blamed by its name."""
    made: Claim = CLAIMS.build(Call(name, (), (("profile", profile),)))
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
