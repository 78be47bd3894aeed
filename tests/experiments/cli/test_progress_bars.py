"""Bars of what comes and of what is prepared, on a terminal and without one."""

from __future__ import annotations

import io

from rich.console import Console

from experiments.cli.progress_bars import ProgressBars


def shown(terminal: bool) -> str:
    file = io.StringIO()
    with ProgressBars(Console(file=file, force_terminal=terminal, width=100, color_system=None)) as bars:
        for done in (0, 1_500_000, 3_000_000):
            bars("fetch a.npz", done, 3_000_000)
        bars("prepare shenzhen", 0, 1200)
        bars("prepare shenzhen", 1200, 1200)
        bars("fetch b.npz", 10, None)
    return file.getvalue()


def test_a_terminal_shows_bytes_that_come_and_images_that_are_prepared() -> None:
    output = shown(terminal=True)
    for text in ("fetch a.npz", "3.0/3.0 MB", "prepare shenzhen", "1,200/1,200", "fetch b.npz", "10/? bytes"):
        assert text in output


def test_without_a_terminal_nothing_is_drawn() -> None:
    assert shown(terminal=False) == ""
