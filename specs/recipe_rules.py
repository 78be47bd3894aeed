"""Rules on the settings of a recipe that do not go together."""

from __future__ import annotations

from specs.errors import UsageError


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
