"""Imports that every run needs. The server process that workers are forked from imports this file once."""

from __future__ import annotations

import contextlib

import segmentation_models_pytorch  # noqa: F401 (decoders, which import it, are imported once they are chosen)

import experiments.run.listed
import experiments.run.runner  # noqa: F401

# pyarrow imports pandas, if it is installed, at its first conversion. A broken pandas may raise anything, such as the
# ValueError of an incompatible NumPy. Here the error would end the server of all workers silently; in a worker it is
# reported by the run that needs pandas.
with contextlib.suppress(Exception):
    import pandas  # type: ignore[import-untyped]  # noqa: F401
