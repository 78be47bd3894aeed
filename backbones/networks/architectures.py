"""Which of timm's architectures have an entry of their own among the backbones, and under which name."""

from __future__ import annotations

import importlib

from specs.registry import BACKBONES, OWN


def entry_of(architecture: str) -> str | None:
    """The backbone that is a timm architecture under a name of its own; None where ``timm("...")`` names it.

    An entry's module says in ``ARCHITECTURE`` what timm calls its network, where that is another name than the entry's.

    Args:
        architecture: timm's name, without a tag.
    """
    for name, entry in BACKBONES.entries.items():
        own = entry.distribution == OWN  # a plugin is not imported for a question about others
        if architecture == (getattr(importlib.import_module(entry.module), "ARCHITECTURE", name) if own else name):
            return name
    return None
