"""The names that files give to a backbone's tensors, for loading and for the suggestions of `inspect`.

A file's tensors may lie in an entry, behind a wrapper's prefix, and in another spelling of the backbone's names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from torch import Tensor

from specs.errors import WeightsError
from specs.quoting import names, plain

CONTAINERS = (
    "state_dict", "model", "model_state_dict", "backbone", "net", "network", "weights", "model_state", "model_weights",
)  # fmt: skip
"""The entries under which training programs save tensors, the most usual ones first."""

PREFIXES = (
    "module.", "encoder_q.", "encoder.", "backbone.", "model.", "network.", "base_encoder.", "_orig_mod.",
    "timm_model.", "resnet.", "densenet121.",
)  # fmt: skip
"""The prefixes that wrappers add; they are stripped from the start of names only, in any combination.

``_orig_mod.`` is torch.compile's, ``module.`` that of DataParallel, ``timm_model.`` and ``resnet.`` are those of
Hugging Face, ``densenet121.`` that of CheXNet (https://github.com/arnoweng/CheXNet)."""

HEADS = ("fc.", "head.", "classifier.", "head_fc.", "last_linear.", "heads.", "logits.", "linear.", "fc_out.")
"""The beginnings of names of classification heads, which are never part of a backbone.

They are those of torchvision, timm, pretrainedmodels (``last_linear``) and torchvision's transformers (``heads``).
"""

MOST_PARTS, MOST_PREFIXES = 8, 64
"""The largest number of parts of a prefix, since wrappers are not nested more deeply, and the largest number of
prefixes that are tried, the most frequent ones of the file."""

MOST_DROPS, LONGEST_DROP = 12, 100
"""The largest number of beginnings that a suggestion drops, since more would be another network, and their length."""

SEQUENTIAL = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}
"""The numbers of a ResNet's modules in ``Sequential(*resnet.children())``, as Lightly and RadImageNet save it."""

INCEPTION = {
    "0": "Conv2d_1a_3x3", "1": "Conv2d_2a_3x3", "2": "Conv2d_2b_3x3", "4": "Conv2d_3b_1x1", "5": "Conv2d_4a_3x3",
    "7": "Mixed_5b", "8": "Mixed_5c", "9": "Mixed_5d", "10": "Mixed_6a", "11": "Mixed_6b", "12": "Mixed_6c",
    "13": "Mixed_6d", "14": "Mixed_6e", "15": "Mixed_7a", "16": "Mixed_7b", "17": "Mixed_7c",
}  # fmt: skip
"""The numbers of an Inception-v3's modules in such a Sequential, without the auxiliary classifier, as RadImageNet's."""


class Spelling(NamedTuple):
    """Another way to write a backbone's names.

    Attributes:
        title: what this spelling is, in words; empty for the backbone's own.
        respell: a function from a name in the file to the backbone's name.
    """

    title: str
    respell: Callable[[str], str]


def of_sequential(name: str) -> str:
    """Torchvision's name for a tensor of a ResNet whose modules are numbered."""
    first, dot, rest = name.partition(".")
    return f"{SEQUENTIAL.get(first, first)}{dot}{rest}"


def of_sequential_densenet(name: str) -> str:
    """Torchvision's name for a tensor of a DenseNet whose features are the first module of a Sequential."""
    return re.sub(r"^0\.", "features.", name)


def of_sequential_inception(name: str) -> str:
    """Torchvision's name for a tensor of an Inception-v3 whose modules are numbered."""
    first, dot, rest = name.partition(".")
    return f"{INCEPTION.get(first, first)}{dot}{rest}"


def of_dinov2(name: str) -> str:
    """Timm's name for a tensor of a transformer from DINOv2's training code.

    It groups blocks for distributed training and counts them through all groups, ``blocks.1.6`` being block 6
    (https://github.com/facebookresearch/dinov2, dinov2/models/vision_transformer.py). The two layers of its SwiGLU are
    ``w12`` and ``w3`` (dinov2/layers/swiglu_ffn.py), timm's ``fc1`` and ``fc2``.
    """
    ungrouped = re.sub(r"^blocks\.\d+\.(\d+)\.", r"blocks.\1.", name)
    return re.sub(r"\.mlp\.w(12|3)\.", lambda found: f".mlp.fc{1 if found[1] == '12' else 2}.", ungrouped)


def of_old_densenet(name: str) -> str:
    """Today's name for a DenseNet's tensor from torchvision before 0.2.1, which wrote ``norm.1`` for ``norm1``.

    The pattern is torchvision's own (``torchvision.models.densenet._load_state_dict``).
    """
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", name)


SPELLINGS = (
    Spelling("", lambda name: name),
    Spelling("names of a numbered Sequential", of_sequential),
    Spelling("names of torchvision before 0.2.1", of_old_densenet),
    Spelling("names of a DenseNet in a Sequential", of_sequential_densenet),
    Spelling("names of an Inception-v3 in a Sequential", of_sequential_inception),
    Spelling("names of DINOv2's training code", of_dinov2),
)


class Spelled(NamedTuple):
    """A file's tensors under a backbone's names.

    Attributes:
        tensors: the tensors by the backbone's names.
        prefix: the prefix that was stripped.
        spelling: the spelling that the names were in.
    """

    tensors: dict[str, Tensor]
    prefix: str
    spelling: Spelling

    @property
    def words(self) -> str:
        """The prefix and the spelling, in words that follow the name of the entry."""
        prefix_words = f", prefix {plain(self.prefix)!r}" if self.prefix else ""
        return prefix_words + (f", {self.spelling.title}" if self.spelling.title else "")


def spelled(
    tensors: Mapping[str, Tensor],
    wanted: Iterable[str],
    prefix: str | None,
    spellings: tuple[Spelling, ...] = SPELLINGS,
) -> Spelled:
    """The tensors without the wrapper's prefix and in the backbone's spelling.

    The prefix is composed of known parts and occurs in the file. Prefix and spelling are chosen so that most wanted
    names are there; names that do not begin with the prefix stay as they are. If several are equally good, the
    backbone's own spelling and the shortest prefix are taken. If no choice gives any wanted name, the longest prefix
    that all names have is stripped.

    Args:
        tensors: the tensors by their names in the file.
        wanted: the backbone's tensor names.
        prefix: the declared prefix; None looks for the known ones.
        spellings: the spellings that may be turned into the backbone's.

    Raises:
        WeightsError: if nothing begins with the declared prefix, or two tensors would get the same name.
    """
    wanted_names = set(wanted)
    check_prefix(tensors, prefix)
    starts = Counter(start for name in tensors for start in _wrappers(name))
    candidates = [prefix] if prefix is not None else ["", *(start for start, _ in starts.most_common(MOST_PREFIXES))]
    best, spelling, hits = "", SPELLINGS[0], 0
    for way in spellings:
        for candidate in sorted(candidates, key=lambda text: (len(text), text)):
            begins = (name.removeprefix(candidate) for name in tensors if name.startswith(candidate))
            matches = sum(way.respell(name) in wanted_names for name in begins)
            if matches > hits or (prefix is not None and not hits):
                best, spelling, hits = candidate, way if matches else SPELLINGS[0], matches
    if not hits and prefix is None:  # no name is the backbone's: strip the longest wrapper that all names have
        best = max((text for text in candidates if all(name.startswith(text) for name in tensors)), key=len, default="")
    turned = {name: spelling.respell(name.removeprefix(best)) for name in tensors}
    if len(set(turned.values())) != len(tensors):
        raise _twice(turned, best, spelling)
    return Spelled({turned[name]: tensor for name, tensor in tensors.items()}, best, spelling)


def check_prefix(tensors: Mapping[str, Tensor], prefix: str | None) -> None:
    """Check that a declared prefix occurs in a file.

    Raises:
        WeightsError: if no name begins with it.
    """
    if prefix is not None and not any(name.startswith(prefix) for name in tensors):
        raise WeightsError(
            f'no tensor begins with the prefix "{plain(prefix)}"; the file has {names(sorted(tensors))}. Name another '
            "prefix, or none."
        )


def _twice(turned: Mapping[str, str], prefix: str, spelling: Spelling) -> WeightsError:
    by_name: dict[str, list[str]] = {}
    for name, ours in turned.items():
        by_name.setdefault(ours, []).append(name)
    twice = [ours for ours, theirs in by_name.items() if len(theirs) > 1]
    how = f'both with and without the prefix "{plain(prefix)}"' if prefix else f"in two spellings ({spelling.title})"
    return WeightsError(
        f"the file has tensors {how}, such as {names(twice, 3)}. Save the one network that is meant to a file of its "
        "own."
    )


def _wrappers(name: str) -> list[str]:
    """All prefixes of a name that consist of known parts, shortest first."""
    prefixes = [""]
    while len(prefixes) < MOST_PARTS and (
        part := next((part for part in PREFIXES if name.startswith(part, len(prefixes[-1]))), None)
    ):
        prefixes.append(prefixes[-1] + part)
    return prefixes


def without_heads(
    tensors: Mapping[str, Tensor], wanted: Iterable[str], drop: Iterable[str]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The tensors without classification heads and without those declared in ``drop``, and the names of these."""
    own, beginnings = set(wanted), (*HEADS, *drop)
    dropped = {name: None for name in tensors if name not in own and name.startswith(beginnings)}
    return {name: tensor for name, tensor in tensors.items() if name not in dropped}, tuple(dropped)


def beginnings(unexpected: Collection[str], wanted: Iterable[str]) -> tuple[str, ...] | None:
    """The beginnings to drop so that unexpected names are left out; None where they may belong to a larger network.

    Args:
        unexpected: names in the file that belong neither to a head nor to the backbone.
        wanted: the backbone's tensor names.
    """
    modules = {name.partition(".")[0] for name in wanted}
    starts: dict[str, None] = {}
    for name in unexpected:
        wrapper = _wrappers(name)[-1]
        first, dot, _ = name.removeprefix(wrapper).partition(".")
        if first in modules and not wrapper:
            return None
        starts.setdefault(wrapper if first in modules else f"{wrapper}{first}{dot}", None)
    short = all(len(start) <= LONGEST_DROP for start in starts)
    return tuple(starts) if len(starts) <= MOST_DROPS and short else None
