"""The pages of ``docs`` that are made from the code, so that they agree with it.

python -m experiments.checks.pages            writes the pages
python -m experiments.checks.pages --check    exits with 1 if a page does not agree with the code
"""

from __future__ import annotations

import sys

from experiments.checks import entry_page, fidelity_page, initializer_page, study_page
from specs.files import write_text
from specs.packages import HOME

DOCS = HOME / "docs"


def pages() -> dict[str, str]:
    """The text of each page by its file's name."""
    return {
        "initializers.md": initializer_page.page(),
        "entries.md": entry_page.page(),
        **study_page.pages(),
        **fidelity_page.pages(),
    }


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` say which of them are stale; returns the exit status."""
    status = 0
    for name, text in pages().items():
        path = DOCS / name
        if arguments != ["--check"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text)
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"{name} is not what the code says; write it anew: make pages", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
