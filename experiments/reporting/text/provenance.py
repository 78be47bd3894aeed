"""Where a table's numbers are from, in words: data, weights, protocol, and when and on what its runs were made."""

from __future__ import annotations

from experiments.reporting.text.phrases import listed
from experiments.tables.document import TableDocument


def provenance(document: TableDocument) -> str:
    """The provenance of a table's numbers in one line: data, weights, protocol, date and machine."""
    data = "synthetic (phantom) data" if document.edition == "phantom" else "real data"
    facts = f"Data: {data}. Weights: {document.weights}. Protocol: {document.protocol}."
    return f"{facts} {machine(document)}".rstrip()


def machine(document: TableDocument) -> str:
    """The date and machine, as in ``Measured 2026-11-29 on Intel(R) Xeon(R) Processor, 2 cores, torch 2.15.0.``.

    It is empty if there are no runs. Runs from before dates were recorded have no date.
    """
    environments = [run.environment for run in document.runs if run.environment]
    if not environments:
        return ""
    dates = sorted({str(one["date"]) for one in environments if one.get("date")})
    when = " " + " to ".join(dict.fromkeys([dates[0], dates[-1]])) if dates else ""
    machines = []
    for one in environments:
        device, cores = str(one.get("device", "unknown")), one.get("host", {}).get("cores")
        name = f"{one.get('cpu', device)}, {cores} cores" if device.startswith("cpu") and cores else device
        machines.append(f"{name}, torch {one.get('versions', {}).get('torch', 'unknown')}")
    return f"Measured{when} on {listed(list(dict.fromkeys(machines)))}."
