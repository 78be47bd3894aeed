"""Large numbers in few characters."""

from __future__ import annotations


def scaled(count: int) -> str:
    """A number in millions or thousands of millions, such as ``8.51 M`` or ``4.09 G``."""
    millions = count / 1e6
    return f"{millions / 1e3:.2f} G" if millions >= 1e3 else f"{millions:.2f} M"
