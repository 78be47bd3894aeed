"""The chain of licences behind a trained network: of the weights that it started from and of the images that it saw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from datamodules.dataset.contract import Dataset
from experiments.run.public_names import public_title
from specs.errors import UsageError
from specs.expression import Call
from specs.registry import DATASETS
from specs.run import RunSpec

Commercial = Literal["no", "unknown", "yes"]

FORBIDDING = re.compile(r"non-?commercial|\bnc\b|research|education", re.IGNORECASE)
"""Words of licences that do not allow commercial use."""

UNSTATED = re.compile(r"not stated|no licence|competition|yours|agreement|\bsee http|^see ", re.IGNORECASE)
"""Words where nobody stated terms, or where they must be read elsewhere."""


@dataclass(frozen=True)
class Link:
    """One link of the chain.

    Attributes:
        what: what the licence is of, in words.
        licence: the licence as its publisher states it.
        part: ``weights`` of which the network holds a part, or ``images`` that it was trained on.
    """

    what: str
    licence: str
    part: Literal["weights", "images"]

    @property
    def commercial(self) -> Commercial:
        """Whether the words of the licence allow commercial use; ``unknown`` where they do not say."""
        if FORBIDDING.search(self.licence):
            return "no"
        return "unknown" if UNSTATED.search(self.licence) else "yes"


def chain(spec: RunSpec, weights: str, card: Mapping[str, Any]) -> tuple[Link, ...]:
    """The links of a fine-tuning, its starting weights first.

    Args:
        spec: the spec of the fine-tuning.
        weights: the name of its starting weights for readers.
        card: the card of its starting weights as plain data, without the user's own names.
    """
    links = []
    if card["licence"] is not None:
        links.append(Link(f"the starting weights, {weights}", str(card["licence"]), "weights"))
    elif card["source"] is not None or card["method"] == "file":
        links.append(Link(f"the starting weights, {weights}", "not stated", "weights"))
    links += [one for text in card["training_data"] for one in _seen(str(text), "that the starting weights saw")]
    if spec.edition == "phantom":
        links.append(Link("the images of the fine-tuning", "drawn by this program", "images"))
    else:
        links += _seen(spec.dataset, "of the fine-tuning")
    return tuple(links)


def verdict(links: tuple[Link, ...]) -> str:
    """What the chain means for whoever uses the network, in one or two sentences."""
    told = []
    for part, words in (("weights", "holds weights"), ("images", "was trained on images")):
        barred = [one for one in links if one.part == part and one.commercial == "no"]
        if barred:
            terms = ", ".join(dict.fromkeys(one.licence for one in barred))
            told.append(f"Not for commercial use: the network {words} under {terms}.")
    if unknown := [one.what for one in links if one.commercial == "unknown"]:
        told.append(f"Before you pass it on, read the terms of {'; '.join(dict.fromkeys(unknown))}.")
    return " ".join(told) or "No licence in the chain forbids commercial use; each asks for what its text says."


def _seen(expression: Call | str, when: str) -> Iterator[Link]:
    """The link of a dataset, if its name is known here."""
    try:
        dataset: Dataset = DATASETS.build(expression)
        called = public_title(DATASETS, expression)
    except UsageError:  # the words of somebody else's card
        yield Link(f"the images {when}, {expression}", "not stated", "images")
        return
    of_files = dict.fromkeys(file.licence for file in dataset.open_files)  # those of these arguments alone
    yield Link(f"the images {when}, {called}", "; ".join(of_files) or dataset.licence, "images")
