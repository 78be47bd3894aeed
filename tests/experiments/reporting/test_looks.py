"""Colors: a row looks the same in every drawing, and color-blind readers can tell any two colors apart."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from experiments.reporting.drawings.looks import CLASS_COLORS, COLORS, TRUTH, looks, looks_of
from experiments.tables.figure import Figure
from tests.conftest import PROJECT
from tests.experiments.example_table import document

SEEN_BY = {
    "everybody": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""What becomes of linear red, green and blue (Machado, Oliveira and Fernandes 2009, table 1, severity 1)."""

TOLD_APART = 10.0
"""The least difference (CIEDE2000) of two colors; one of 1 is about what can just be seen side by side."""


def lab(color: str, seen: object) -> np.ndarray:
    """The color as L*, a* and b* (CIE 1976, D65)."""
    values = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    ratio = to_xyz @ np.clip(np.array(seen) @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one: object, other: object) -> float:
    """The difference of two colors (Sharma, Wu and Dalal 2005, https://doi.org/10.1002/col.20070)."""
    (l1, a1, b1), (l2, a2, b2) = np.array(one, float), np.array(other, float)
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    t = sum(
        weight * np.cos(np.radians(times * mean_h + shift))
        for weight, times, shift in ((1, 0, 0), (-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    )
    of_l = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    of_c, of_h = (
        (c2 - c1) / (1 + 0.045 * mean_c),
        2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * mean_c * t),
    )
    bend = np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    cross = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * bend
    return float(np.sqrt(of_l**2 + of_c**2 + of_h**2 + cross * of_c * of_h))


@pytest.mark.parametrize(
    ("one", "other", "printed"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_of_colors_is_the_printed_one(one: object, other: object, printed: float) -> None:
    assert ciede2000(one, other) == pytest.approx(printed, abs=1e-4)


@pytest.mark.parametrize("reader", SEEN_BY)
@pytest.mark.parametrize("colors", [(*COLORS, TRUTH), CLASS_COLORS], ids=["rows and truth", "classes"])
def test_any_two_colors_are_told_apart_by_color_blind_readers_too(reader: str, colors: tuple[str, ...]) -> None:
    seen = {color: lab(color, SEEN_BY[reader]) for color in colors}
    distances = {pair: ciede2000(seen[pair[0]], seen[pair[1]]) for pair in itertools.combinations(colors, 2)}
    assert min(distances.values()) >= TOLD_APART, min(distances, key=lambda pair: distances[pair])


def test_random_weights_and_mean_var_look_the_same_in_every_table() -> None:
    small = looks_of({"random": "random", "transfer": "imagenet"})
    large = looks_of({"a": "moco_v2", "Mean Var": "mean_var(imagenet)", "b": "simclr", "Scratch": "random"})
    figure = looks_of({"random": "random", "Mean Var": "mean_var({source})", "transfer": "{source}"})
    assert small["random"] == large["Scratch"] == figure["random"]
    assert large["Mean Var"] == figure["Mean Var"]
    assert small["transfer"] == figure["transfer"]


def test_no_two_of_many_rows_have_color_and_marker_in_common() -> None:
    rows = {f"row {number}": "random" if number % 3 else "imagenet" for number in range(56)}
    assert len({look[:2] for look in looks_of(rows).values()}) == 56
    assert len({look.color for look in list(looks_of(rows).values())[:8]}) == 8


def test_rows_of_a_family_share_its_color_and_differ_in_marker_and_line() -> None:
    families = (("good | *best*", "transfer"), ("gone", "transfer"))
    shown = looks(dataclasses.replace(document(), figure=Figure(families=families)))
    assert shown["good | *best*"].color == shown["gone"].color != shown["random"].color
    assert shown["good | *best*"].marker != shown["gone"].marker
    assert shown["good | *best*"].line != shown["gone"].line


def test_colors_are_chosen_in_one_place() -> None:
    chosen = {color.lower() for color in (*COLORS, TRUTH, *CLASS_COLORS)}
    reporting = PROJECT / "experiments"
    others = [path for path in reporting.rglob("*.py") if path != reporting / "reporting" / "drawings" / "looks.py"]
    assert [path for path in others if any(color in path.read_text().lower() for color in chosen)] == []


def test_drawings_keep_their_colors_in_the_dark() -> None:
    style = Path(PROJECT / "experiments" / "reporting" / "page" / "page.css").read_text()
    assert "hue-rotate" not in style and "invert(" not in style
