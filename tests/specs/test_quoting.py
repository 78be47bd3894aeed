"""Quoting what came from a file: it can be read, and does nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.quoting import LONGEST, names, plain, several_lines, shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("layer1.0.conv1.weight", "layer1.0.conv1.weight"),
        ("Größe é 図 😀", "Größe é 図 😀"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\r\x00\x9b", "a\\x0ab\\x0d\\x00\\x9b"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),  # turns the direction of writing
        ("a\u2028b\ud800\U000e0041", "a\\u2028b\\ud800\\U000e0041"),
        (7, "7"),
    ],
)
def test_what_steers_a_terminal_is_spelled_out(text: object, shown: str) -> None:
    assert plain(text) == shown


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=20))
def test_nothing_that_is_shown_is_a_control_or_format_character(text: str) -> None:
    assert {unicodedata.category(one) for one in plain(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()


def test_a_long_text_keeps_both_ends() -> None:
    shown = plain("a" * 10**6 + "z")
    assert len(shown) <= LONGEST and shown.startswith("aaa") and shown.endswith("az") and "..." in shown


def test_names_are_listed_up_to_some_with_the_number_of_the_rest() -> None:
    assert names([]) == "nothing"
    assert names("abc") == "a, b, c"
    assert names((f"n{number}" for number in range(1003)), 2) == "n0, n1 and 1,001 more"


def test_a_message_keeps_its_lines_and_steers_nothing() -> None:
    assert several_lines("two\nlines \x1b[31m\r\u202e and more") == "two\nlines \\x1b[31m\\x0d\\u202e and more"


def test_a_value_is_shown_as_python_writes_it_in_one_line() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert shown([1, "x"]) == "[1, 'x']"
