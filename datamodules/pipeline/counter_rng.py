"""Counter-based random numbers: each sample's draws are a function of (seed, epoch, sample), whoever makes them.

The generator is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 17), used as a hash of its counter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from specs.run import digest

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def stream(seed: int, purpose: str, epoch: int) -> int:
    """The 64-bit key of one purpose in one epoch of a run."""
    return int(digest([seed, purpose, epoch])[:16], 16)


def uniforms(key: int, numbers: NDArray[np.int64], count: int, first: int = 0) -> NDArray[np.float64]:
    """Uniform draws in [0, 1) of shape (samples, count).

    Args:
        key: the key of one purpose in one epoch, as of ``stream``.
        numbers: the numbers of the samples, (samples,).
        count: how many draws each sample gets.
        first: the number of the first draw; any stretch of a sample's draws can be had by itself.
    """
    # Arithmetic modulo 2**64 is meant; NumPy warns of it for scalars alone.
    start = _mixed(GOLDEN * numbers.astype(np.uint64) + np.uint64(key))
    bits = _mixed(start[:, None] + GOLDEN * np.arange(first + 1, first + count + 1, dtype=np.uint64))
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return mixed
