"""The ledger: each claim of each paper with the verdicts of printed numbers, of others' work and of finished tables."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from analysis.hypothesis import Evidence, Verdict, verdicts
from experiments.ledger.claim import Claim, Judge, Reading, SourceKind
from experiments.ledger.evidence_of import of_document, of_printed
from experiments.ledger.new_patients import (
    KnownPatients,
    NewPatients,
    new_patients,
    patients_here,
    printed_patients,
)
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
        new_patients: what the numbers say of new patients; None where it is not known who was tested.
    """

    name: str
    evidence: Evidence
    verdict: Verdict
    new_patients: NewPatients | None = None


@dataclass(frozen=True)
class Finding:
    """What one source says of a claim.

    Attributes:
        kind: ``as printed``, ``elsewhere`` for others' work, ``here`` for finished tables, or ``planted worlds`` for
            tables whose truth is known.
        source: where the numbers are from, in words; of others' work, whom to cite.
        edition: ``real`` or ``phantom`` images, on which the runs were done; printed numbers are of real ones.
        asked: what was summed, in words.
        evidence: what the numbers say of the claim as a whole.
        verdict: the verdict, corrected over the claims of the paper that this kind of source, or this planted world, is
            asked about.
        alone: the verdict without correction.
        parts: what they say of the claim's parts.
        licence: the licence of others' work; empty for other sources.
        remarks: what must be known to read others' work.
        holds: whether the claim is true there by construction, in a planted world; None: that is not known.
        new_patients: what the numbers say of new patients, corrected as ``verdict`` is; None where it is not known who
            was tested.
    """

    kind: SourceKind
    source: str
    edition: Literal["real", "phantom"]
    asked: str
    evidence: Evidence
    verdict: Verdict
    alone: Verdict
    parts: tuple[Part, ...]
    licence: str = ""
    remarks: tuple[str, ...] = ()
    holds: bool | None = None
    new_patients: NewPatients | None = None

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
        unread: the files of others' work that the claim is held against and that were not there, in words.
    """

    name: str
    paper: str
    claim: Claim
    findings: tuple[Finding, ...]
    unread: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The entry as plain data; numbers that are not defined are None."""
        claim = dataclasses.asdict(dataclasses.replace(self.claim, readings=(), worlds=()))
        claim["readings"] = [_plain_reading(reading) for reading in self.claim.readings]
        claim["worlds"] = [{"holds": one.holds, "reading": _plain_reading(one.reading)} for one in self.claim.worlds]
        findings = [dataclasses.asdict(one) for one in self.findings]
        told = {"name": self.name, "paper": self.paper, "claim": claim, "findings": findings, "unread": self.unread}
        plain: dict[str, Any] = _plain(told)
        return plain


def _plain_reading(reading: Reading) -> dict[str, Any]:
    """A reading as plain data, with its sums as lists of cells; others' work is told by the findings."""
    told = {name: getattr(reading, name) for name in ("table", "source", "unit")}
    whole, *parts = (
        {
            "name": one.name,
            "weights": [
                {"row": row, "column": column, "weight": weight} for (row, column), weight in one.weights.items()
            ],
        }
        for one in (reading.whole, *reading.parts)
    )
    return told | {"whole": whole, "parts": parts}


def ledger(
    documents: Sequence[TableDocument], paper: str | None = None, elsewhere: Path | None = None
) -> list[LedgerEntry]:
    """Judge every registered claim.

    Claims of a paper are judged together: Holm's correction is over those that the same kind of source is asked about,
    of tables over those of the same protocol and edition. Those that are read in one planted world are corrected apart.

    Args:
        documents: the finished tables.
        paper: the name of the paper whose claims are judged; None: all.
        elsewhere: the folder in which the user keeps finished work of others that is not shipped; None: there is none.

    Raises:
        DataError: if a file of printed numbers or of others' work cannot be read.
    """
    by_paper: dict[str, list[str]] = {}
    for name, entry in CLAIMS.entries.items():
        parts = entry.module.split(".")
        of = parts[-3] if parts[-2:-1] == ["claims"] else entry.distribution
        by_paper.setdefault(of, []).append(name)
    chosen = {of: names for of, names in by_paper.items() if paper in (None, of)}
    return [one for of, names in chosen.items() for one in _of_paper(of, names, documents, elsewhere)]


def papers() -> list[str]:
    """The papers that have claims."""
    return list(dict.fromkeys(one.paper for one in ledger(())))


@dataclass(frozen=True)
class _Asked:
    """A reading of a claim in one source, before verdicts."""

    name: str
    kind: SourceKind
    source: str
    family: str
    reading: Reading
    judge: Judge
    claim: Claim
    edition: Literal["real", "phantom"] = "real"
    patients: KnownPatients | None = None
    licence: str = ""
    remarks: tuple[str, ...] = ()
    holds: bool | None = None


def _of_paper(
    paper: str, names: Sequence[str], documents: Sequence[TableDocument], elsewhere: Path | None
) -> list[LedgerEntry]:
    claims = {name: _claim(name, "paper") for name in names}
    unread: dict[str, list[str]] = {name: [] for name in names}
    asked: list[_Asked] = []
    for name, claim in claims.items():
        asked += [*_asked_as_printed(name, claim), *_asked_elsewhere(name, claim, elsewhere, unread[name])]
        asked += _asked_here(name, documents)
    wholes = [one.judge(one.reading.whole, one.claim.hypothesis) for one in asked]
    corrected: dict[int, Verdict] = {}
    of_new: dict[int, NewPatients | None] = {}
    for family in dict.fromkeys(one.family for one in asked):
        places = [place for place, one in enumerate(asked) if one.family == family]
        found = verdicts([(asked[place].claim.hypothesis, wholes[place]) for place in places])
        corrected |= dict(zip(places, found, strict=True))
        wanted = [
            (asked[place].patients, asked[place].reading.whole, asked[place].claim.hypothesis) for place in places
        ]
        of_new |= dict(zip(places, new_patients(wanted), strict=True))
    findings: dict[str, list[Finding]] = {name: [] for name in names}
    for place, one in enumerate(asked):
        (alone,) = verdicts([(one.claim.hypothesis, wholes[place])])
        findings[one.name].append(
            Finding(
                one.kind,
                one.source,
                one.edition,
                one.reading.whole.name,
                wholes[place],
                corrected[place],
                alone,
                _parts(one),
                one.licence,
                one.remarks,
                one.holds,
                of_new[place],
            )
        )
    return [LedgerEntry(name, paper, claims[name], tuple(findings[name]), tuple(unread[name])) for name in names]


def _parts(asked: _Asked) -> tuple[Part, ...]:
    """The parts of a reading with their verdicts, corrected among themselves."""
    hypothesis, parts = asked.claim.hypothesis, asked.reading.parts
    found = [asked.judge(part, hypothesis) for part in parts]
    told = verdicts([(hypothesis, each) for each in found])
    patients = new_patients([(asked.patients, part, hypothesis) for part in parts])
    each = zip(parts, found, told, patients, strict=True)
    return tuple(Part(part.name, evidence, verdict, of_new) for part, evidence, verdict, of_new in each)


def _asked_as_printed(name: str, claim: Claim) -> Iterator[_Asked]:
    """The readings of a claim in the numbers that its paper printed."""
    for reading in claim.readings:
        if reading.unit == "scores" and reading.source in (None, "as printed"):
            numbers = printed_numbers(reading.table)
            if numbers is not None:
                judge, patients = of_printed(numbers), printed_patients(numbers)
                yield _Asked(name, "as printed", numbers.source, "as printed", reading, judge, claim, patients=patients)


def _asked_elsewhere(name: str, claim: Claim, folder: Path | None, unread: list[str]) -> Iterator[_Asked]:
    """The readings of a claim in others' work; what is not there is added to ``unread``."""
    for reading in claim.readings:
        if reading.others is not None:
            numbers = reading.others.read(folder)
            if numbers is None:
                unread.append(reading.others.wanted)
                continue
            yield _Asked(
                name,
                "elsewhere",
                numbers.citation,
                "elsewhere",
                reading,
                numbers.judge,
                claim,
                licence=numbers.licence,
                remarks=numbers.remarks,
            )


def _asked_here(name: str, documents: Sequence[TableDocument]) -> Iterator[_Asked]:
    """The readings of a claim in finished tables, in the labels of the tables' profiles."""
    for document in documents:
        claim = _claim(name, PROFILE_OF.get(document.protocol, "paper"))
        for reading in claim.readings:
            if reading.source in (None, "here") and _is_of(reading, document):
                source = f"{document.name}, {document.protocol} protocol"
                family = f"{document.protocol} {document.edition}"
                yield _of_table(name, claim, "here", source, family, reading, document)
        for world in claim.worlds:
            if _is_of(world.reading, document):
                source = f"{document.name}, {world.reading.whole.name}"
                of = _of_table(name, claim, "planted worlds", source, document.name, world.reading, document)
                yield dataclasses.replace(of, holds=world.holds)


def _is_of(reading: Reading, document: TableDocument) -> bool:
    """Whether a reading is of the registered table that a document was made of."""
    return reading.table == document.name.replace("-", "_")


def _of_table(
    name: str, claim: Claim, kind: SourceKind, source: str, family: str, reading: Reading, document: TableDocument
) -> _Asked:
    """What is asked of a finished table."""
    judge = of_document(document, reading.unit)
    patients = patients_here(document) if reading.unit == "scores" else None
    return _Asked(name, kind, source, family, reading, judge, claim, document.edition, patients)


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
