"""Keeping freed memory in the process, which makes small CPU training steps faster."""

from __future__ import annotations

import ctypes
import platform

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # https://man7.org/linux/man-pages/man3/mallopt.3.html


def keep_freed_memory() -> None:
    """Stop glibc from giving each step's freed activations back to the kernel; with other C libraries, do nothing.

    Without it every step has thousands of page faults, and the step of a small network takes 1.25 to 1.75 times as
    long.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
