"""The tensors of a whole torch module in a pickle, under the names that its state dict would have.

``torch.save(model)`` pickles each module as its class's name and its attributes, of which ``_parameters``, ``_buffers``
and ``_modules`` hold what a state dict does (``torch.nn.Module``). The classes are not imported, no module is made and
nothing of it is run: the attributes are read as data.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from initializers.formats.inert_pickle import DEEPEST, Shell
from initializers.formats.pickle_owner import PickleFault
from initializers.formats.torch_tensors import Unread, words

HELD = ("_parameters", "_buffers", "_modules")
"""The attributes of a module that hold what belongs to its state dict."""

MOST_ENTRIES = 1_000_000
"""The largest number of parameters, buffers and modules, since a file may hold one module under many names."""

LONGEST_NAME = 1_000
"""The largest number of characters of a tensor's name."""


class ModuleTensors(NamedTuple):
    """What a pickled module holds.

    Attributes:
        tensors: the tensors by the names of the state dict; ``Unread`` stands for one that is not read.
        classes: the names of the classes of the module and of all modules in it.
    """

    tensors: dict[str, Tensor | Unread]
    classes: frozenset[str]


def is_module(value: Any) -> bool:
    """Whether a value from a pickle is a torch module: an object with a module's three dictionaries."""
    state = value.state if isinstance(value, Shell) else None
    return isinstance(state, dict) and all(isinstance(state.get(name), dict) for name in HELD)


def tensors_of(module: Shell) -> ModuleTensors:
    """The tensors of a pickled module, in the order of its state dict.

    Buffers that a state dict leaves out (``register_buffer(..., persistent=False)``) are left out.

    Args:
        module: the module, for which ``is_module`` holds.

    Raises:
        PickleFault: if its modules are nested too deeply, are too many, or have names that no module has.
    """
    tensors: dict[str, Tensor | Unread] = {}
    classes = set[str]()
    left: list[tuple[str, int, Any]] = [("", 0, module)]
    entries = 0
    while left:
        prefix, depth, current = left.pop()
        if not is_module(current):
            raise PickleFault(f"{words(current)} among the modules of a module")
        entries += 1 + sum(len(current.state[held]) for held in HELD)
        if entries > MOST_ENTRIES or depth > DEEPEST:
            raise PickleFault(f"a module of more than {MOST_ENTRIES:,} entries, or more than {DEEPEST} modules deep")
        classes.add(current.name)
        for name, value in _own(current.state).items():
            full = _joined(prefix, name)
            if full in tensors:
                raise PickleFault("two tensors of one name in a module")
            tensors[full] = value if isinstance(value, Tensor | Unread) else Unread(words(value))
        inner = [item for item in current.state["_modules"].items() if item[1] is not None]
        left += [(_joined(prefix, name) + ".", depth + 1, child) for name, child in reversed(inner)]
    return ModuleTensors(tensors, frozenset(classes))


def _own(state: dict[str, Any]) -> dict[str, Any]:
    """The parameters and buffers of a module itself, without those that are empty or that a state dict leaves out."""
    passing = _listed(state.get("_non_persistent_buffers_set"))
    buffers = {name: value for name, value in state["_buffers"].items() if name not in passing}
    if set(buffers) & set(state["_parameters"]):
        raise PickleFault("two tensors of one name in a module")
    return {name: value for name, value in (*state["_parameters"].items(), *buffers.items()) if value is not None}


def _joined(prefix: str, name: Any) -> str:
    if not isinstance(name, str) or len(prefix) + len(name) > LONGEST_NAME:
        raise PickleFault("a module with a name that is no text, or too long")
    return prefix + name


def _listed(value: Any) -> frozenset[str]:
    """The texts in a set, which a pickle lists; a module of torch before 1.6 has no such set."""
    members = value.arguments[0] if isinstance(value, Shell) and value.arguments else value
    return frozenset(name for name in members if isinstance(name, str)) if isinstance(members, list) else frozenset()
