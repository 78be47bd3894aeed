"""How a row is written: each part but the weights may be left out, and what is printed is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.errors import UsageError
from specs.expression import Call, parse
from specs.row import RowText, parse_row

NAMES = st.from_regex(r"[a-z_][a-z_0-9]{0,8}", fullmatch=True).filter(lambda name: name not in RESERVED)
RESERVED = {
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
    "return", "try", "while", "with", "yield",
}  # fmt: skip
# Texts that hold what separates the parts of a row.
TEXTS = st.sampled_from(["", "a on b", "x = y", "by", "it's", '"', "(", "weights on disk.pth"]) | st.text(max_size=6)
CALLS = st.recursive(
    st.builds(Call, NAMES),
    lambda inner: st.builds(
        Call,
        NAMES,
        st.lists(inner | TEXTS | st.integers(-9, 9), max_size=2).map(tuple),
        st.dictionaries(NAMES, inner | TEXTS | st.none(), max_size=2).map(lambda given: tuple(given.items())),
    ),
    max_leaves=4,
)
LABELS = st.sampled_from(["ImageNet", "5 % of the images", "head alone (frozen)", "ward's own", "on", "5 x"]) | (
    st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="="), min_size=1, max_size=8)
)


@given(CALLS, st.none() | LABELS, st.none() | CALLS, st.none() | CALLS)
def test_a_printed_row_is_read_back(
    weights: Call, name: str | None, backbone: Call | None, adaptation: Call | None
) -> None:
    row = RowText(weights, name, backbone, adaptation)
    assert parse_row(str(row)) == row


@pytest.mark.parametrize(
    ("text", "name", "weights", "backbone", "adaptation"),
    [
        ("random", None, "random", None, None),
        ("random by probe", None, "random", None, "probe"),
        ("A by B = imagenet on resnet18 by lora(rank=4)", "A by B", "imagenet", "resnet18", "lora(rank=4)"),
        ('file("a by b.pth") by freeze(through="a on b")', None, 'file("a by b.pth")', None, 'freeze("a on b")'),
        ("imagenet on resnet18", None, "imagenet", "resnet18", None),
        ("ImageNet = imagenet", "ImageNet", "imagenet", None, None),
        ("ImageNet=imagenet", "ImageNet", "imagenet", None, None),
        (
            "ImageNet up to blocks.2 = transfuse(imagenet, through='blocks.2')\non efficientnet_lite0",
            "ImageNet up to blocks.2",
            'transfuse(imagenet, through="blocks.2")',
            "efficientnet_lite0",
            None,
        ),
        ('on the ward = file("a on b = c.pth")', "on the ward", 'file("a on b = c.pth")', None, None),
        ("a = b = random", "a = b", "random", None, None),
        ('mean_var(imagenet, kind="shuffle")', None, 'mean_var(imagenet, kind="shuffle")', None, None),
    ],
)
def test_the_parts_of_a_row(
    text: str, name: str | None, weights: str, backbone: str | None, adaptation: str | None
) -> None:
    network, adapted = (parse(one) if one else None for one in (backbone, adaptation))
    if adapted is not None and adapted.args:
        adapted = Call(adapted.name, (), (("through", adapted.args[0]),))
    assert parse_row(text) == RowText(parse(weights), name, network, adapted)


@pytest.mark.parametrize(
    "text",
    ["", "=", "= random", "ImageNet =", "imagenet on", "on resnet18", "imagenet resnet18", "imagenet by", "by probe"],
)
def test_what_is_no_row_is_answered_with_the_form(text: str) -> None:
    with pytest.raises(UsageError, match=r"not a row: .* Expected NAME = WEIGHTS on BACKBONE by ADAPTATION, each"):
        parse_row(text)


@pytest.mark.parametrize("text", ["A# = random", "#1 = random", "no. 1 #2 = random on resnet18"])
def test_a_sign_that_begins_a_comment_in_python_is_a_part_of_a_name(text: str) -> None:
    row = parse_row(text)
    assert row.name == text.partition(" =")[0]
    assert row.weights == Call("random")


def test_an_expression_has_no_comments() -> None:
    for text in ("random # the usual", "# the usual\nrandom", "mean_var(random) #"):
        with pytest.raises(UsageError, match="it has a comment"):
            parse(text)
    assert parse('folder("a#b")').args == ("a#b",)
