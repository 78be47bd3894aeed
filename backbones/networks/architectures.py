"""The architectures of timm that have an entry of their own among the backbones."""

from __future__ import annotations

import importlib

from specs.registry import BACKBONES, OWN


def entry_of(architecture: str) -> str | None:
    """The name of the backbone entry that is a given timm architecture; None where only ``timm("...")`` names it.

    An entry whose name differs from timm's says timm's name in its module's ``ARCHITECTURE``.

    Args:
        architecture: the name of an architecture in timm, without a tag.
    """
    for name, entry in BACKBONES.entries.items():
        own = entry.distribution == OWN  # a plugin is not imported for a question about others
        if architecture == (getattr(importlib.import_module(entry.module), "ARCHITECTURE", name) if own else name):
            return name
    return None
