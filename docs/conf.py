"""How Sphinx builds the site of these pages: `make docs`."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # the packages of this clone, whatever is installed

project = "medtransfer"
author = "the authors of medtransfer"
copyright = f"2026, {author}. Apache-2.0"
version = release = version_of("medtransfer")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["session.py"]

# Pages are written for GitHub too: links to headings are the ones that GitHub makes.
myst_heading_anchors = 4

# Notebooks are shown with the outputs that they are kept with: `make notebooks` makes those.
nb_execution_mode = "off"
nb_merge_streams = True

# Docstrings are Google's, and attributes of dataclasses stand in their class's docstring.
napoleon_use_ivar = True
napoleon_numpy_docstring = False
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_title = "medtransfer"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(HERE / "_static" / "scorer.js")
html_show_sourcelink = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

LEDGER = "<!-- The tiles are made when the site is built. -->"
LISTED = "<!-- The modules are listed when the site is built. -->"
DOCUMENTED = "<!-- The modules are documented when the site is built. -->"
"""Lines of pages that are replaced by what the code says."""


CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
FILE_NAMES = re.compile(r"\[[\w./]+\.md\]\((\S+?\.md(?:#[\w-]+)?)\)")
"""Links whose text is the name of a file, as it is good to read beside files."""


def titled(text: str) -> str:
    """A page's text in which links that are called like files are called like the pages or sections they lead to."""
    parts = CODE.split(text)
    return "".join(part if part.startswith("```") else FILE_NAMES.sub(r"[](\1)", part) for part in parts)


def fill(app: Any, name: str, source: list[str]) -> None:
    """Put what is made from the code into the pages that have a line for it.

    Args:
        app: the application that builds the site.
        name: the name of the page that is read.
        source: the text of the page, as the only element of a list.
    """
    source[0] = titled(source[0])
    folder, _, package = name.rpartition("/")
    if name == "ledger":
        from experiments.ledger.ledger import ledger
        from experiments.ledger.markdown import claims_markdown

        made = {LEDGER: claims_markdown(ledger(()))}
    elif folder == "packages":
        from experiments.checks.module_page import modules_autodoc, modules_markdown

        made = (
            {DOCUMENTED: modules_autodoc(package)} if DOCUMENTED in source[0] else {LISTED: modules_markdown(package)}
        )
    else:
        return
    for line, text in made.items():
        if line not in source[0]:
            raise ValueError(f"{name}.md lacks the line {line}, which the code replaces")
        source[0] = source[0].replace(line, text)


def setup(app: Any) -> None:
    """Connect what is made while the site is built."""
    app.connect("source-read", fill)
