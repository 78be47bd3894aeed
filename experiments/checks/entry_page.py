"""The page ``docs/entries.md``: everything that can be named, by kind, from the files themselves."""

from __future__ import annotations

from specs.registry import (
    BACKBONES,
    DATASETS,
    EXECUTORS,
    INITIALIZERS,
    MEASURES,
    METHODS,
    OWN,
    RECIPES,
    TABLES,
    Registry,
)

HEAD = """# Everything that can be named

This page is made from the first line of each file: `make pages`. `medtransfer list` shows the same with what is on your
disk and with what plugins add; [extending.md](extending.md) says how to add one of each kind.
"""

KINDS: tuple[tuple[str, str, Registry], ...] = (
    ("Datasets", "datamodules", DATASETS),
    ("Initializers", "initializers", INITIALIZERS),
    ("Backbones", "backbones", BACKBONES),
    ("Self-supervised methods", "lightning_modules/pretraining", METHODS),
    ("Measures of finished runs", "experiments/measures", MEASURES),
    ("Recipes", "experiments/studies", RECIPES),
    ("Tables and figures", "experiments/studies", TABLES),
    ("Executors", "experiments/execution/executors", EXECUTORS),
)


def page() -> str:
    """The page's text."""
    parts = [HEAD]
    for title, folder, registry in KINDS:
        parts.append(f"\n## {title}\n\nFiles in `{folder}/`.\n\n| name | what it is |\n| --- | --- |\n")
        for name, entry in registry.entries.items():
            if entry.distribution == OWN:
                shown = name.replace("_", "-") if registry is TABLES else name
                parts.append(f"| `{shown}` | {entry.description.rstrip('.')} |\n")
    return "".join(parts)
