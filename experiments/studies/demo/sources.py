"""Planted worlds: where the values of the recipes are from; none is from a paper."""

from __future__ import annotations

from specs.sources import AllOurs

SOURCES = AllOurs("for drawn images of 24 pixels and seconds on one CPU core")
