"""The environment variable that names the weight store, beside the store so that options need not import it."""

from __future__ import annotations

VARIABLE = "MEDTRANSFER_WEIGHTS"
