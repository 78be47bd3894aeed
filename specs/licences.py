"""What licences say of commercial use, by a table of those that were read; any other one is unknown.

A licence is found by its whole name, never by a word in it: "non-commercial" in a sentence may be what it does not
forbid. Case does not matter, nor whether words are joined by spaces, hyphens or underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

Commercial = Literal["no", "unknown", "yes"]
"""Whether commercial use is allowed; ``unknown`` where nobody stated it, or it must be read elsewhere."""

BETWEEN = "; "
"""What separates the licences of one thing that has several, all of which hold."""

OSI = "https://opensource.org/osd, item 6: no restriction from use in a business; ids by https://spdx.org/licenses/"

CREATIVE_COMMONS = "https://creativecommons.org/licenses/{}/4.0/legalcode.en, section 2(a)(1)"

NONE_STATED = "not stated"
"""The licence on the card of weights from outside whose publishers state none."""


@dataclass(frozen=True)
class Terms:
    """Licences that say the same of commercial use.

    Attributes:
        names: the names of the licences: SPDX identifiers, other spellings of them, or the words of a publisher.
        commercial: whether they allow commercial use.
        source: the text that says so, by its address, and its section where it has some.
    """

    names: tuple[str, ...]
    commercial: Commercial
    source: str


def _versions(*kinds: str) -> tuple[str, ...]:
    """The SPDX identifiers of kinds of Creative Commons licences, in each version that there is."""
    return tuple(f"CC-{kind}-{version}" for kind in kinds for version in ("1.0", "2.0", "2.5", "3.0", "4.0"))


TABLE = (
    Terms(
        (
            "0BSD", "AFL-3.0", "AGPL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-2.0", "BSD-2-Clause",
            "BSD-3-Clause", "BSL-1.0", "ECL-2.0", "EPL-2.0", "EUPL-1.2", "GPL-2.0",
            "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "LGPL-2.1",
            "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0",
            "MPL-2.0", "NCSA", "PostgreSQL", "Unlicense", "Zlib",
            "Apache License 2.0", "Apache License, Version 2.0", "MIT License",
        ),
        "yes",
        OSI,
    ),
    Terms(_versions("BY"), "yes", CREATIVE_COMMONS.format("by")),
    Terms(_versions("BY-SA"), "yes", CREATIVE_COMMONS.format("by-sa")),
    Terms(("CC0-1.0", "CC0"), "yes", "https://creativecommons.org/publicdomain/zero/1.0/legalcode.en, section 2"),
    Terms(("ODC-By-1.0",), "yes", "https://opendatacommons.org/licenses/by/1-0/, section 3.1"),
    Terms(_versions("BY-NC"), "no", CREATIVE_COMMONS.format("by-nc")),
    Terms(_versions("BY-NC-SA"), "no", CREATIVE_COMMONS.format("by-nc-sa")),
    Terms(_versions("BY-NC-ND"), "no", CREATIVE_COMMONS.format("by-nc-nd")),
    Terms(
        ("MSRLA", "Microsoft Research License Agreement", "MSR-LA"),
        "no",
        "https://huggingface.co/microsoft/rad-dino-maira-2, Uses: for research purposes only",
    ),
    Terms(("ASU GitHub Project License, for non-commercial use",), "no", "https://github.com/jlianglab/Ark, LICENSE"),
    Terms(("MIT for academic use",), "no", "https://github.com/maple-research-lab/CLSA, README"),
    Terms(
        ("BSD-2-Clause for academic use; for commercial use by agreement with the authors",), "no",
        "https://github.com/xieenze/DetCo, README",
    ),
    # What publishers of images say, in the words that the datasets here have for it, with their pages.
    Terms(("made by this program", "drawn by this program"), "yes", "medtransfer's own licence, Apache-2.0"),
    Terms(("no restrictions, attribution asked for",), "yes", "https://nihcc.app.box.com/v/ChestXray-NIHCC"),
    Terms(
        ("free, attribution asked for",), "yes",
        "https://data.lhncbc.nlm.nih.gov/public/Tuberculosis-Chest-X-ray-Datasets/index.html",
    ),
    Terms(("non-commercial research, on registration",), "no", "https://www.image-net.org/download.php"),
    Terms(
        ("non-commercial research; each photograph has its own",), "no",
        "https://github.com/visipedia/inat_comp/tree/master/2021",
    ),
    Terms(("free for research after registration",), "no", "https://drive.grand-challenge.org"),
    Terms(("research and education, on request",), "no", "https://www.adcis.net/en/third-party/messidor2/"),
    Terms(
        ("non-commercial and academic research, by the competition's rules",), "no",
        "https://www.kaggle.com/c/rsna-pneumonia-detection-challenge",
    ),
    Terms(
        ("for research that cites its papers, by its data usage agreement",), "no",
        "https://www.med.upenn.edu/cbica/brats2020/data.html",
    ),
    Terms(
        ("Stanford University Dataset Research Use Agreement, after registration",), "no",
        "https://stanfordmlgroup.github.io/competitions/chexpert/",
    ),
)  # fmt: skip
"""The licences that were read. What is not among them is unknown, such as the rules of a competition, which each
reader has to accept, or a page to read."""


def terms_of(licence: str) -> Terms | None:
    """What is known of a licence, by its whole name; None: it is not in the table."""
    return _by_name().get(_spelled(licence))


def commercial_use(licence: str) -> Commercial:
    """Whether a licence allows commercial use; of several, separated by semicolons, all have to.

    Args:
        licence: an SPDX identifier, or the words of a publisher.
    """
    known = terms_of(licence)
    if known is not None:
        return known.commercial
    parts = licence.split(BETWEEN)
    return all_together(map(commercial_use, parts)) if len(parts) > 1 else "unknown"


def all_together(uses: Iterable[Commercial]) -> Commercial:
    """Whether all of several licences allow commercial use: ``no`` if one forbids it, ``yes`` if there are none."""
    found = set(uses)
    return "no" if "no" in found else "unknown" if "unknown" in found else "yes"


def _spelled(name: str) -> str:
    """A name in lower case, its words joined by hyphens."""
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())


@cache
def _by_name() -> dict[str, Terms]:
    return {_spelled(name): terms for terms in TABLE for name in terms.names}
