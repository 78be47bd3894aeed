"""The page ``docs/entries.md``: everything that can be named, by kind, from the files themselves."""

from __future__ import annotations

from specs.registry import KINDS, OWN

HEAD = """# Everything that can be named

This page is made from the first line of each file: `make pages`. `medtransfer list` shows the same with what is on your
disk and with what plugins add; [extending.md](extending.md) says how to add one of each kind.
"""


def page() -> str:
    """The text of the page, in Markdown."""
    parts = [HEAD]
    for kind, registry in KINDS.items():
        folder = registry.package.replace(".", "/")
        parts.append(f"\n## {kind.capitalize()}\n\nFiles in `{folder}/`.\n\n| name | what it is |\n| --- | --- |\n")
        for name, entry in registry.entries.items():
            if entry.distribution == OWN:
                shown = name.replace("_", "-") if kind == "tables" else name
                parts.append(f"| `{shown}` | {entry.description.rstrip('.')} |\n")
    return "".join(parts)
