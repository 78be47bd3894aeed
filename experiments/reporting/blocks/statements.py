"""What a paper states of a table's rows, and what was found here, in words with effect sizes and intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.truth import OF_STEPS, Verdict
from experiments.reporting.blocks.building.block import Block, Evidence, Judged, Said
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.convergence import steps_of, threshold_of
from experiments.reporting.text.asked import claim_text
from experiments.reporting.text.phrases import listed
from experiments.tables.document import TableDocument
from experiments.tables.stated import Effect, Examined, Stated, examined

WORDS: dict[Verdict, str] = {"recovered": "seen here", "undecided": "not settled here", "wrong": "contradicted here"}
"""The words for verdicts on a paper's statement, which, unlike a planted claim, is not known to be true."""

MIXED = "mixed"
"""The word for a statement whose contrasts have different verdicts."""


@dataclass(frozen=True)
class PaperStatements:
    """The statements of a paper about a table's rows.

    Attributes:
        stated: the statements, in order.
    """

    stated: tuple[Stated, ...]


def statements() -> Kind:
    """The block of a paper's statements, for tables that test some."""
    return Kind(order=14, tell=_tell, part=PaperStatements, gather=_gather, check=_check)


def _gather(gathering: Gathering) -> PaperStatements | None:
    return PaperStatements(gathering.table.stated) if gathering.table.stated else None


def _check(document: TableDocument) -> None:
    part, rows, columns = document.part(PaperStatements), dict(document.rows), dict(document.columns)
    for stated in part.stated if part else ():
        for column, claim in stated.contrasts:
            if column not in columns:
                raise ValueError(f"a statement is about {column}, which no column is called")
            if not {claim.row, claim.than} <= set(rows):
                raise ValueError(f'a statement compares "{claim.row}" with "{claim.than}"; expected rows of the table')


def examined_of(document: TableDocument) -> tuple[Examined, ...]:
    """The test results of each statement of the paper, with Holm's correction over all contrasts of the table."""
    part = document.part(PaperStatements)
    scores = {cell_key: cell.values for cell_key, cell in document.cells.items()}
    steps = {cell_key: steps_of(document, cell_key) for cell_key in document.cells}
    return examined(part.stated if part else (), scores, steps, document.level)


def _tell(document: TableDocument) -> Iterator[Block]:
    found = found_of(document)
    if found:
        yield Block(
            title=document.title, place="head", said=(Said(lead(found)),), judged=tuple(found),
            notes=(method(document),),
        )  # fmt: skip


def found_of(document: TableDocument) -> list[Judged]:
    """The statements that the table tests, with the verdict on each and the evidence.

    The verdict on a statement is that on all its contrasts where they agree; else it is ``undecided``.
    """
    found = []
    for one in examined_of(document):
        verdicts = [effect.judgement.verdict for effect in one.effects]
        verdict: Verdict = verdicts[0] if len(set(verdicts)) == 1 else "undecided"
        evidence = tuple(_evidence(document, effect) for effect in one.effects)
        found.append(Judged(one.stated.sentence, one.stated.source, "", verdict, _summary(verdicts), evidence))
    return found


def lead(found: Sequence[Judged]) -> str:
    """The sentence that counts the verdicts, as in ``Of 5 statements, 3 seen here and 2 mixed.``."""
    words = [one.word if one.word in WORDS.values() else MIXED for one in found]
    told = [f"{words.count(word)} {word}" for word in (*WORDS.values(), MIXED) if word in words]
    return f"Of {len(words)} statement{'s' if len(words) != 1 else ''}, {listed(told)}."


def method(document: TableDocument) -> str:
    """A note on how statements are tested."""
    return (
        f'"{WORDS["recovered"].capitalize()}": the tests state it (t-tests, two one-sided t-tests for equality, '
        f"permuted log-rank tests for steps; {document.level:.2g} level, Holm over these contrasts). "
        f'"{WORDS["wrong"].capitalize()}": they state its opposite. "{WORDS["undecided"].capitalize()}": neither. '
        "Differences come with the 95 % interval of Welch's test over seeds, uncorrected; a run that did not reach the "
        "threshold counts with the steps that it did. All is said of these tasks, networks and budgets alone."
    )


def _summary(verdicts: Sequence[Verdict]) -> str:
    counts = {verdict: verdicts.count(verdict) for verdict in WORDS}
    if max(counts.values()) == len(verdicts):
        return WORDS[verdicts[0]]
    told = [f"{WORDS[verdict].removesuffix(' here')} in {count}" for verdict, count in counts.items() if count]
    return f"{listed(told)} of {len(verdicts)}"


def _evidence(document: TableDocument, effect: Effect) -> Evidence:
    judgement = effect.judgement
    there = f"reaches {100 * (threshold_of(document, effect.column) or 0):g} %"
    asked = f"{effect.column}: {claim_text(judgement.claim, document.directions[0], there)}"
    return Evidence(asked, _found(document, effect), judgement.verdict, WORDS[judgement.verdict])


def _found(document: TableDocument, effect: Effect) -> str:
    """A difference as in ``7.51 points higher, 95 % interval +3.20 to +11.82 (90.71 beside 83.20)``."""
    if effect.difference is None:
        return "no runs"
    claim, of_steps = effect.judgement.claim, effect.judgement.claim.kind in OF_STEPS
    means = [_mean(document, row, effect.column, of_steps) for row in (claim.row, claim.than)]
    scale, unit, form = (1, "steps", ",.0f") if of_steps else (100, "points", ".2f")
    size, words = scale * effect.difference.estimate, ("later", "sooner") if of_steps else ("higher", "lower")
    interval = "no interval"
    if effect.difference.interval is not None:
        low, high = (f"{scale * end:+{form}}" for end in effect.difference.interval)
        interval = f"95 % interval {low} to {high}"
    side = words[0] if size > 0 else words[1] if size < 0 else "apart"
    return f"{abs(size):{form}} {unit} {side}, {interval} ({means[0]} beside {means[1]})"


def _mean(document: TableDocument, row: str, column: str, of_steps: bool) -> str:
    if of_steps:
        steps = steps_of(document, (row, column))
        mean = sum(one.time for one in steps) / len(steps)
        return f"{'' if all(one.reached for one in steps) else 'more than '}{mean:,.0f}"
    values = document.cells[row, column].values
    return f"{100 * sum(values) / len(values):.2f}"
