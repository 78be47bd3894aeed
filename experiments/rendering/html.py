"""A table as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

import json

from jinja2 import Environment, PackageLoader, StrictUndefined

from experiments.rendering.document import (
    EFFORTS,
    PHANTOM_WARNING,
    TableDocument,
    efforts_by_row,
    further_scores,
    mean_std,
    missing,
    notes,
    p_text,
    provenance,
)


def to_html(document: TableDocument) -> str:
    """The page; the same document gives the same bytes."""
    environment = Environment(
        loader=PackageLoader("experiments.rendering", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("table.html.j2").render(
        document=document,
        warning=PHANTOM_WARNING if document.edition == "phantom" else None,
        provenance=provenance(document),
        further=further_scores(document),
        effort_titles=EFFORTS,
        efforts=efforts_by_row(document),
        notes=notes(document),
        missing=missing(document),
        mean_std=mean_std,
        p_text=p_text,
        points=lambda value: "-" if value is None else f"{100 * value:+.2f}",
        percent=lambda value: "undefined" if value is None else f"{100 * value:.2f}",
        pretty=lambda data: json.dumps(data, indent=1, ensure_ascii=False),
    )
