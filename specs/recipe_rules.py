"""Rules on the settings of a recipe that do not go together, and on one that had another name at first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specs.errors import UsageError
from specs.quoting import shown
from specs.registry import ADAPTATIONS

FIRST = {"full": "all", "head": "head"}
"""The two adaptations that there were at first, when the setting was called ``trained``, with their names then.

Recipes are still stored so, and keys computed from that: runs of before keep theirs.
"""


def checked_adaptation(text: str, method: str | None) -> str:
    """The shortest spelling of an adaptation, which a self-supervised method does not go with.

    Args:
        text: the expression of an adaptation.
        method: the expression of a self-supervised method; None: labels are learned.

    Raises:
        UsageError: if there is no such adaptation, an argument does not fit, or there is a method too.
    """
    adaptation = text if text in FIRST else str(ADAPTATIONS.short(text))
    if adaptation != "full" and method is not None:
        raise UsageError(
            f"recipe: adaptation={shown(adaptation)} says how a network learns from labels, and the method {method} "
            'uses none. Use adaptation="full", or a recipe without a method.'
        )
    return adaptation


def named_as_before(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as they are stored, where the first two adaptations have their first names."""
    others = {name: value for name, value in settings.items() if name != "adaptation"}
    adaptation = settings["adaptation"]
    return others | ({"trained": FIRST[adaptation]} if adaptation in FIRST else {"adaptation": adaptation})


def named_as_now(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Stored or given settings, where ``trained`` is called ``adaptation`` and its ``all`` is called ``full``.

    Raises:
        UsageError: if both names are given, or ``trained`` has another value than it could have.
    """
    if "trained" not in settings:
        return dict(settings)
    first = {before: now for now, before in FIRST.items()}
    trained = settings["trained"]
    if "adaptation" in settings or not isinstance(trained, str) or trained.strip("\"'") not in first:
        raise UsageError(
            f"recipe: trained is the first name of adaptation and takes all or head, found {shown(trained)}. Give "
            "adaptation alone, such as adaptation=head."
        )
    return {name: value for name, value in settings.items() if name != "trained"} | {
        "adaptation": first[trained.strip("\"'")]
    }


def check_classes(method: str | None, class_weights: str, sampling: str) -> None:
    """Refuse to make up for rare classes twice, or where no labels are used.

    Args:
        method: the expression of a self-supervised method; None: labels are learned.
        class_weights: the weights of the classes in the loss, such as ``none``.
        sampling: how training images are drawn, such as ``shuffled``.

    Raises:
        UsageError: names the settings and the remedy.
    """
    weighted, drawn = class_weights != "none", sampling != "shuffled"
    if method is not None and (weighted or drawn):
        raise UsageError(
            f"recipe: class_weights and sampling are about labels, which the method {method} does not use. Leave them "
            "out, or name no method."
        )
    if weighted and drawn:
        raise UsageError(
            f'recipe: class_weights="{class_weights}" and sampling="{sampling}" each make up for rare classes, and '
            "together they would do it twice. Take one of them."
        )
