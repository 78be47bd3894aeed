"""The lists of all registered entries, made once in the server process that workers are forked from."""

from __future__ import annotations

import contextlib
import sys

from specs.errors import UsageError
from specs.registry import KINDS

# Listing reads every file of a package and every installed distribution. If two entries have one name, the planner
# reports it.
for registry in KINDS.values():
    with contextlib.suppress(UsageError):
        _ = registry.entries

LISTED_FROM = frozenset(sys.path)
"""The folders that this process could import from when it made the lists."""


def list_anew() -> None:
    """Forget the lists if this process can import from more folders than the server that it was forked from.

    Those folders may hold plugins, such as a current folder that PYTHONPATH names; the server is started without it.
    """
    if not LISTED_FROM.issuperset(sys.path):
        for registry in KINDS.values():
            registry.__dict__.pop("entries", None)
