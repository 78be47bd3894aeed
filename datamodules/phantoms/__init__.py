"""Phantom editions: small, drawn, in the real layout."""
