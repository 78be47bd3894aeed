"""The environment variable that names the weight store, in a file of its own that is imported quickly."""

from __future__ import annotations

VARIABLE = "MEDTRANSFER_WEIGHTS"
