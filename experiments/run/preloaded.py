"""What every run needs, done once in the process that workers are forked from; importing this is what does it."""

from __future__ import annotations

import contextlib

import experiments.run.runner  # noqa: F401
from specs.errors import UsageError
from specs.registry import KINDS

# pyarrow imports pandas, where there is one, at its first conversion.
with contextlib.suppress(ImportError):
    import pandas  # type: ignore[import-untyped]  # noqa: F401

# Listing reads every file of a package and every installed distribution; the planner says if two have one name.
for registry in KINDS.values():
    with contextlib.suppress(UsageError):
        _ = registry.entries
