"""Puts claims about rows into words."""

from __future__ import annotations

from analysis.truth import OF_STEPS, Claim


def claim_text(claim: Claim, better: str = "better", there: str = "is there") -> str:
    """A claim in words as in ``Source is better than Random``, with the margin where there is one.

    Args:
        claim: the claim about two rows.
        better: the word for a higher number, such as ``better`` or ``more similar``.
        there: the verb for reaching the threshold, in claims about steps, such as ``reaches 80 %``.
    """
    unit = "step" if claim.kind in OF_STEPS else "point"
    size = f"{claim.margin:g} {unit}{'' if claim.margin == 1 else 's'}"
    told = {
        "better": f"is {better} than {claim.than}" + (f" by more than {size}" if claim.margin else ""),
        "no worse": f"is at most {size} worse than {claim.than}",
        "equal": f"equals {claim.than} within {size}",
        "not different": f"is {claim.than} once more, with other seeds",
        "sooner": f"{there} before {claim.than}" + (f" by more than {size}" if claim.margin else ""),
        "no later": f"{there} at most {size} after {claim.than}",
    }
    return f"{claim.row} {told[claim.kind]}"
