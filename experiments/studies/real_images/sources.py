"""Where the values of the recipes come from: all are this project's own."""

from __future__ import annotations

from specs.sources import AllOurs

SOURCES = AllOurs("for EfficientNet-Lite0 on two small tasks within minutes on two CPU cores")
