"""The notice that stands wherever a trained network or its predictions leave the run store."""

from __future__ import annotations

RESEARCH_ONLY = "For research; not a medical device."
"""No run here is validated for use on patients, whatever it scores."""
