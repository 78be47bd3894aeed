"""What a race of initializations advises, how sure that is, and what would change it."""

from __future__ import annotations

import math
from typing import Literal

from experiments.reporting.decided import Analysis, Control, Decided, Reader, Reading
from experiments.reporting.text.claims import Wording, points, several, starting, worse
from experiments.reporting.text.phrases import listed, p_stated

WHERE: dict[str, dict[Reader, str]] = {
    "real": {"these images": "on these images", "new patients": "for new patients of this kind"},
    "phantom": {"these images": "on these drawn images", "new patients": "for newly drawn patients of this kind"},
}
"""The words that say what a reader's claims are about, by edition and reader."""

SHORT = 12
"""The number of characters of a digest that are shown."""


def advice(decided: Decided, edition: Literal["real", "phantom"]) -> tuple[str, ...]:
    """The advice in sentences: an alarm if there is one, the advice, new patients, how sure, and what would change it.

    Further sentences say which initializations are shown worse, what the mean of the leader is worth, what the race
    cost,
    what the control shows, and what was fixed before the first look.

    Args:
        decided: the outcome of the race.
        edition: the edition of the race's images: ``real`` files, or drawn ``phantom`` images.
    """
    these, new = decided.reading("these images"), decided.reading("new patients")
    margin, where = decided.analysis.margin, WHERE[edition]
    control = decided.control
    looked = these.leader is not None and not these.refused
    sentences = [
        alarmed(control, decided.analysis) if control and control.alarm else "",
        starting(these, Wording(margin, where=where["these images"])),
        _further(these, new, margin, where["new patients"]) if looked else "",
        confidence(decided) if looked else "",
        change(decided),
        _worse(these, new, margin, where["new patients"]),
        optimism(decided),
        price(decided),
        _quiet(control) if control and not control.alarm else "",
        fixed(decided.analysis),
    ]
    return tuple(sentence for sentence in sentences if sentence)


def _further(these: Reading, new: Reading, margin: float, where: str) -> str:
    """The sentence on what is claimed for new patients."""
    if new.start and set(new.start) == set(these.start):
        return f"This holds {where}, too."
    claim = starting(new, Wording(margin))
    claim = f"{claim[:1].lower()}{claim[1:]}"
    return f"{where[:1].upper()}{where[1:]}, {'it is ' if new.open else ''}{claim}"


def certain(level: float) -> str:
    """The confidence that belongs to a level, rounded down, such as ``95%`` for a level of 0.05."""
    return f"{math.floor(1000 * (1 - level) + 1e-9) / 10:g}%"


def one_in(level: float) -> str:
    """A level as a frequency, such as ``1 in 20`` for a level of 0.05, rounded so that it is never below the level."""
    return f"1 in {math.floor(1 / level + 1e-9)}"


def confidence(decided: Decided) -> str:
    """The sentence on how often claims that are made this way are false."""
    analysis = decided.analysis
    if analysis.others:
        looks = listed([f"{count} by {digest[:SHORT]}" for digest, count in analysis.others.items()])
        return (
            f"How sure: the scores of these test images were looked at before by other analyses ({looks}), so that "
            f"the level of {certain(analysis.level)} holds for the first of them alone, and not for this one."
        )
    refused = any(one.refused for one in decided.readings)
    apart = "" if refused else ", for these images and for new patients each"
    most = one_in(analysis.level)
    return (
        f"How sure: at {certain(analysis.level)}{apart}; of such comparisons at most {most} makes any false claim, at "
        "whichever look."
    )


def change(decided: Decided) -> str:
    """The sentences on what would settle what is open, or change what is settled."""
    if decided.settling:
        return " ".join(decided.settling)
    if decided.reading("these images").start:
        return (
            "What would change it: other images, networks, recipes or learning rates. More of the same runs are not "
            "needed for these images."
        )
    return "What would settle it is not known from these runs."


def _worse(these: Reading, new: Reading, margin: float, where: str) -> str:
    if not (found := worse(these, margin)):
        return ""
    sentence = f"Shown worse than another by more than {points(margin)}: {found}"
    if not new.worse:
        return f"{sentence}."
    both = "all of them" if set(new.worse) >= set(these.worse) else several(new.worse)
    return f"{sentence}; {where}, {both}." if both != "all of them" else f"{sentence}; {where} too."


def optimism(decided: Decided) -> str:
    """The sentence that warns that the leader's mean is optimistic; empty where no leader was picked among several."""
    leader = decided.reading("these images").leader
    if leader is None or (mean := decided.contender(leader).mean) is None:
        return ""
    if sum(one.mean is not None for one in decided.order) < 2:
        return ""  # a single row with scores was not picked among others
    runs = len(decided.contender(leader).scores)
    return (
        f"The mean of {leader}, {100 * mean:.2f}% over {runs} runs, is optimistic, since it was picked for being the "
        "highest: expect new runs to be somewhat lower."
    )


def price(decided: Decided) -> str:
    """The sentence on how many runs the race took, compared with those of the full grid."""
    share = f", so {decided.runs / decided.grid:.0%} of it" if 0 < decided.runs < decided.grid else ""
    return (
        f"Price: {decided.runs} runs, those that tuned included; the full grid, each initialization at each learning "
        f"rate and with ten seeds, has {decided.grid}{share}."
    )


def alarmed(control: Control, analysis: Analysis) -> str:
    """The sentence of alarm where the control is found to differ from the row that it repeats."""
    most = one_in(analysis.level)
    return (
        f"Alarm: {control.row}, the reference once more with other seeds, is found to differ from it by "
        f"{100 * control.difference:+.2f} points ({p_stated(control.p)}). That is false by construction. Rely on "
        f"nothing else here before that is explained; by chance alone at most {most} comparisons has such an alarm."
    )


def _quiet(control: Control) -> str:
    return (
        f"Control: {control.row}, the reference once more with other seeds, differs by "
        f"{100 * control.difference:+.2f} points ({p_stated(control.p)}): no false alarm."
    )


def fixed(analysis: Analysis) -> str:
    """The sentence on what was fixed before the first look, and on what is compared."""
    budget = f", budget {analysis.budget}" if analysis.budget else ""
    return (
        f"Analysis {analysis.digest[:SHORT]}, fixed before the first look at test scores: margin "
        f"{points(analysis.margin)}, looks at {looks_of(analysis)} runs{budget}; {analysis.looked} of "
        f"{len(analysis.looks)} looks were made. It compares the sources at the learning rates picked here."
    )


def looks_of(analysis: Analysis) -> str:
    """All looks of an analysis in words, as in ``2, 3, 4 and 6``."""
    *first, last = map(str, analysis.looks)
    return f"{', '.join(first)} and {last}" if first else last
