"""The model card of an exported network, in Markdown with metadata for Hugging Face's hub.

The sections are those of Hugging Face's template (https://huggingface.co/docs/hub/model-card-annotated), after Mitchell
et al. 2019, "Model Cards for Model Reporting" (https://arxiv.org/abs/1810.03993).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from experiments.exporting.evaluation import evaluation
from experiments.exporting.facts import Facts
from experiments.reporting.blocks.answers import answer
from experiments.reporting.blocks.counts import counts_of
from experiments.reporting.blocks.recommendation import Advice
from experiments.reporting.formats.markdown import escape, pipe_table
from experiments.reporting.text.phrases import PHANTOM_WARNING
from experiments.reporting.text.provenance import provenance
from experiments.tables.licences import verdict
from specs.commands import command
from specs.notice import RESEARCH_ONLY

ASKS = {
    "multilabel": "for each of the findings, whether an image shows it",
    "binary": "whether an image shows one finding",
    "multiclass": "which one of the classes an image is of",
    "segmentation": "which pixels of an image show what",
}
"""The question that a task asks, by its kind."""

PIPELINES = {"segmentation": "image-segmentation"}
"""The hub's name of a task by its kind; others are image classification."""


def model_card(facts: Facts, files: Mapping[str, str], usage: str, library: str) -> str:
    """The model card of an exported network.

    Args:
        facts: the run, and the table that it was chosen from.
        files: the sha256 of each file beside the card, by name.
        usage: the section on how to use the files, in Markdown.
        library: the library that loads the files, as the hub calls it.
    """
    lines = [
        *_metadata(facts, library),
        f"# {escape(facts.network)}: {escape(facts.dataset)}",
        "",
        f"> **{RESEARCH_ONLY}** It was validated for no use on patients. Nothing that it says replaces a diagnosis.",
        "",
        *([f"> **{PHANTOM_WARNING}**", ""] if facts.spec.edition == "phantom" else []),
        *_details(facts),
        *_uses(facts),
        *_limits(facts),
        "## How to get started",
        "",
        usage.strip(),
        "",
        *_training(facts),
        "## How this start was chosen",
        "",
        *_choice(facts),
        "",
        "## Evaluation",
        "",
        *evaluation(facts),
        *_licence(facts),
        *_technical(facts),
        *_verification(facts, files),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _metadata(facts: Facts, library: str) -> Iterator[str]:
    """The front matter that the hub reads (https://huggingface.co/docs/hub/model-cards#model-card-metadata).

    Texts are written as JSON, which YAML 1.2 reads as it is.
    """
    yield "---"
    yield "license: other"
    yield "license_name: see-the-section-licence"
    yield f"library_name: {library}"
    yield f"pipeline_tag: {PIPELINES.get(facts.task.kind, 'image-classification')}"
    yield "tags:"
    for tag in ("medical", "research-only", "medtransfer"):
        yield f"- {tag}"
    yield "metrics:"
    yield f"- {facts.record.data['metric']}"
    yield "---"
    yield ""


def _details(facts: Facts) -> Iterator[str]:
    card, task = facts.load["card"], facts.task
    source = f", {card['source']}" if card["source"] else ""
    digest = f", sha256 `{facts.load['sha256']}`" if facts.load["sha256"] else ""
    yield "## Model details"
    yield ""
    yield f"It says {ASKS[task.kind]}: {', '.join(map(escape, task.classes))}."
    yield ""
    yield f"- **Made by:** medtransfer, a fine-tuning with the key `{facts.key}`: {escape(facts.title)}"
    yield f"- **Network:** `{facts.expression}`, {facts.record.data['parameters']:,} parameters"
    yield f"- **Fine-tuned from:** {escape(facts.weights)} ({escape(card['method'])}{source}{digest})"
    if card["paper"]:
        yield f"- **Paper of these weights:** {escape(card['paper'])}"
    for warning in card["warnings"]:
        yield f"- **Known of these weights:** {escape(warning)}"
    yield "- **Developed by, shared by:** [More Information Needed]"
    yield "- **Licence:** see [Licence](#licence)"
    yield ""


def _uses(facts: Facts) -> Iterator[str]:
    yield "## Uses"
    yield ""
    yield (
        "**Meant for** research on images like those that it was trained on: the same kind of image, made and cropped "
        "in the same way, of the same kind of patients."
    )
    yield ""
    yield (
        "**Not for** diagnosis, triage, treatment or any other decision about a patient; not for images of other "
        "devices, body parts, populations or file pipelines before it was tested on them."
    )
    yield ""


def _limits(facts: Facts) -> Iterator[str]:
    trained, chosen = facts.spec.recipe, "comparison" if facts.table is not None else "run"
    yield "## Bias, risks and limitations"
    yield ""
    yield "- It answers for any image, also for one of another kind, and does not say how unlike it is."
    yield "- Scores are of one test set. For other hospitals, devices and populations they are not known."
    yield "- Groups of patients that the evaluation below does not tell of were not looked at, and may be served worse."
    yield f"- What labels say was taken for true; the {chosen} did not examine them."
    if trained.precision != "32":
        yield (
            f"- It was trained and tested with {trained.precision} arithmetic. Exported networks compute with 32 bits, "
            "so that their probabilities differ from the tested ones in about the third digit."
        )
    if overlap := _overlap(facts):
        yield f"- {overlap}"
    yield ""


def _overlap(facts: Facts) -> str:
    """The warning that the starting weights have seen test images; empty if the table tells of none."""
    if facts.table is None or facts.line is None:
        return ""
    seen = facts.table.overlaps.get((facts.line.row, facts.line.column), ())
    return (
        f"The starting weights have seen images of {', '.join(map(escape, seen))}, which the test set is from, so that "
        "scores may be too high."
        if seen
        else ""
    )


def _training(facts: Facts) -> Iterator[str]:
    data, recipe = facts.record.data, facts.spec.recipe
    seen = ", ".join(map(escape, facts.load["card"]["training_data"])) or "no images"
    edition = "drawn by this program (phantom edition)" if facts.spec.edition == "phantom" else "real images"
    counts = counts_of(facts.table).get(facts.line.column) if facts.table is not None and facts.line else None
    yield "## Training details"
    yield ""
    yield f"- **Images of the fine-tuning:** {escape(facts.dataset)}, {edition}"
    for split, of in counts.splits.items() if counts is not None else ():
        yield f"- **{split.capitalize()}:** {of.whole.images} images of {of.whole.patients or 'unknown'} patients"
    yield f"- **Images that the starting weights had seen:** {seen}"
    kept = "the last epoch" if recipe.selection == "last" else f"the epoch with the best validation {recipe.selection}"
    epochs = "1 epoch" if data["epochs"] == 1 else f"{data['epochs']} epochs"
    yield f"- **Procedure:** {epochs}; the weights of {kept} were kept"
    yield f"- **Seed:** {facts.spec.seed}" + (f", {facts.spec.fold.title}" if facts.spec.fold is not None else "")
    yield ""
    yield "The whole recipe:"
    yield ""
    yield "```json"
    yield json.dumps(recipe.to_json(), indent=1)
    yield "```"
    yield ""


def _choice(facts: Facts) -> Iterator[str]:
    """How the initialization was chosen, and how sure that choice is."""
    if facts.table is None or facts.line is None:
        yield (
            "The run was named by its key, and no comparison is told of here. `medtransfer export TABLE.json` tells of "
            "the comparison that a run was chosen from."
        )
        return
    table, line = facts.table, facts.line
    yield f'From the table "{escape(table.title)}". {escape(table.question)}'
    yield ""
    advice = table.part(Advice)
    if advice is not None:
        yield from (f"- {escape(sentence)}" for sentence in advice.sentences)
    else:
        yield f"- {escape(answer(table, line.column).text)}"
    seeds = [run.seed for run in table.runs if (run.row, run.column) == (line.row, line.column)]
    taken = "the lowest, taken whatever its score is" if line.seed == min(seeds) else "which was asked for"
    yield f"- This network starts from {escape(line.row)}. It is the run of seed {line.seed}, {taken}."
    yield f"- {escape(provenance(table))}"


def _licence(facts: Facts) -> Iterator[str]:
    yield "## Licence"
    yield ""
    yield f"**{escape(verdict(facts.links))}**"
    yield ""
    rows = [[escape(one.what), escape(one.licence), one.commercial] for one in facts.links]
    if rows:
        yield from pipe_table(["What", "Licence", "Commercial use"], rows, [True, True])
    yield (
        "What its words say of commercial use is no legal advice. Whether terms of images extend to a network that was "
        "trained on them is for a lawyer. The program medtransfer itself is under Apache-2.0."
    )
    yield ""


def _technical(facts: Facts) -> Iterator[str]:
    environment = facts.record.data["environment"]
    versions = ", ".join(f"{name} {found}" for name, found in environment.get("versions", {}).items())
    yield "## Technical specifications"
    yield ""
    yield "- **Input and output:** `preprocessing.json` says every step from a file to a probability"
    device = escape(str(environment.get("device", "unknown")))
    yield f"- **Trained on:** {device}, {facts.record.data['seconds']:.0f} seconds"
    yield f"- **Software:** Python {environment.get('python', 'unknown')}, {versions}"
    yield ""


def _verification(facts: Facts, files: Mapping[str, str]) -> Iterator[str]:
    yield "## How to verify"
    yield ""
    yield "The files are whole if `sha256sum --check SHA256SUMS` says so in this folder:"
    yield ""
    yield from pipe_table(["File", "sha256"], [[f"`{name}`", f"`{found}`"] for name, found in files.items()], [True])
    yield "Where the run was made, its network is tested once more and compared with its record by"
    yield ""
    yield "```"
    yield command("verify", facts.key[:12])
    yield "```"
