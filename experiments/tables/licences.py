"""The chain of licences behind a network: of the weights that it starts from and of the images that it saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from datamodules.dataset.contract import Dataset
from experiments.run.needed import initializers_of
from experiments.run.public_names import public_title
from specs.errors import UsageError
from specs.expression import Call
from specs.licences import NONE_STATED, Commercial, all_together, commercial_use
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.run import RunSpec
from specs.settling import settled, unsettled


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
        """Whether the licence allows commercial use; ``unknown`` where it was not read or states nothing."""
        return commercial_use(self.licence)


@dataclass(frozen=True)
class LicencesOfWeights:
    """The licences of the published weights that an initialization is made of.

    Attributes:
        links: a link for each set of published weights; empty: nothing is licensed, as of random weights.
    """

    links: tuple[Link, ...] = ()

    @property
    def licence(self) -> str:
        """The licences in words, each once; ``none needed`` where nothing is licensed."""
        return "; ".join(dict.fromkeys(link.licence for link in self.links)) or "none needed"

    @property
    def commercial(self) -> Commercial:
        """Whether all of the licences allow commercial use."""
        return all_together(link.commercial for link in self.links)

    @property
    def why_not(self) -> str:
        """Why commercial use is not known to be allowed, in a clause; empty where it is."""
        whys = {link: _why_not(link) for link in self.links if link.commercial != "yes"}
        return ", and ".join(dict.fromkeys(whys.values()))


def _why_not(link: Link) -> str:
    """Why commercial use of some weights is not known to be allowed, in a clause."""
    if link.commercial == "no":
        return f"{link.licence}, the licence of {link.what}, forbids commercial use"
    if link.licence == NONE_STATED:
        return f"no licence of {link.what} is stated"
    return f"what the licence of {link.what} says of commercial use is unknown ({link.licence})"


def licences_of(initializer: Call, backbone: Call) -> LicencesOfWeights:
    """The licences of all published weights that an initializer starts from, through mixing and pretraining too.

    Weights that a run here makes from others, or a file that such a run left, are under the licences of those others.
    The terms of images are not among them: whether they extend to a network is a question of its own.

    Args:
        initializer: the expression of the initializer.
        backbone: the expression of the network that is initialized, which decides which weights ``imagenet`` means.

    Raises:
        WeightsError: if the initializer names a file that is not there.
    """
    links, network = [], BACKBONES.bind(backbone)
    for expression, built in initializers_of(settled(INITIALIZERS.bind(initializer), network)):
        if built.nested() or built.requires():
            continue  # its card repeats what those say that it is made of
        card = built.card()
        licence = stated_licence(card.licence, card.source, card.method)
        if licence is not None:
            links.append(Link(public_title(INITIALIZERS, unsettled(expression, network)), licence, "weights"))
    return LicencesOfWeights(tuple(dict.fromkeys(links)))


def stated_licence(licence: str | None, source: str | None, method: str) -> str | None:
    """The licence on a card, or that none is stated; None: there is nothing to license, as of random weights.

    Args:
        licence: the licence that the card states, if it does.
        source: where the weights are from, by the card; None: from nowhere, or a file of the user's own.
        method: the family of the method, by the card; ``file`` for a file that says nothing of itself.
    """
    return licence if licence is not None else NONE_STATED if source is not None or method == "file" else None


def chain(spec: RunSpec, weights: str, card: Mapping[str, Any]) -> tuple[Link, ...]:
    """The links of a fine-tuning, its starting weights first.

    Args:
        spec: the spec of the fine-tuning.
        weights: the name of its starting weights for readers.
        card: the card of its starting weights as plain data, without the user's own names.
    """
    licence = stated_licence(card["licence"], card["source"], card["method"])
    links = [] if licence is None else [Link(f"the starting weights, {weights}", licence, "weights")]
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
        yield Link(f"the images {when}, {expression}", NONE_STATED, "images")
        return
    of_files = dict.fromkeys(file.licence for file in dataset.open_files)  # those of these arguments alone
    yield Link(f"the images {when}, {called}", "; ".join(of_files) or dataset.licence, "images")
