"""What licences say of commercial use: by a table of those that were read, never by words in them."""

from __future__ import annotations

import pytest

from initializers.publishing.catalogue import published
from specs.licences import TABLE, all_together, commercial_use, terms_of
from specs.registry import DATASETS, OWN


@pytest.mark.parametrize(
    ("licence", "commercial"),
    [
        ("MIT", "yes"),
        ("mit", "yes"),  # as timm and the hub write it; SPDX's identifiers have no case
        ("Apache License 2.0", "yes"),
        ("CC BY 4.0", "yes"),
        ("CC-BY-SA-3.0", "yes"),
        ("cc0-1.0", "yes"),
        ("CC-BY-NC-4.0", "no"),
        ("CC BY-NC 4.0", "no"),
        ("cc_by_nc_nd_2.0", "no"),
        ("msrla", "no"),
        ("CC-BY-NC", "unknown"),  # no licence without its version
        ("other", "unknown"),
        ("", "unknown"),
        ("not stated", "unknown"),
    ],
)
def test_what_a_licence_allows(licence: str, commercial: str) -> None:
    assert commercial_use(licence) == commercial


@pytest.mark.parametrize(
    "words",
    [
        "MIT, but for the files in nc/",
        "commercial use is not forbidden by a non-commercial clause",
        "research licence of a university",
        "Apache-2.0 with Commons Clause",
    ],
)
def test_nothing_is_guessed_from_words_within(words: str) -> None:
    assert commercial_use(words) == "unknown"


def test_of_several_licences_all_have_to_allow_it() -> None:
    assert commercial_use("MIT; BSD-3-Clause") == "yes"
    assert commercial_use("MIT; CC-BY-NC-4.0") == "no"
    assert commercial_use("MIT; not stated") == "unknown"
    assert commercial_use("not stated; CC-BY-NC-4.0") == "no"
    assert all_together([]) == "yes"


def test_every_line_of_the_table_has_a_source_and_no_name_stands_twice() -> None:
    names = [name.casefold().replace(" ", "-") for terms in TABLE for name in terms.names]
    assert len(set(names)) == len(names)
    assert all("https://" in terms.source or "medtransfer" in terms.source for terms in TABLE)


UNREAD = {
    "not stated",
    "competition rules",
    "competition rules; on PhysioNet its credentialed licence",
    "no licence stated; its article is under CC BY 4.0",
    "yours",
    "CC BY 4.0 (dermamnist: CC BY-NC 4.0)",  # each of its files states its own
}
"""Licences of entries that say nothing for sure, which have to be read, or accepted, by each reader."""


def test_the_licence_of_every_entry_is_in_the_table_or_known_to_be_open() -> None:
    datasets = {DATASETS.get(name).licence for name, entry in DATASETS.entries.items() if entry.distribution == OWN}
    weights = {initializer.card().licence or "" for _, initializer in published()}
    assert {one for one in datasets | weights if terms_of(one) is None} == UNREAD
