"""Every value of every recipe of a paper has a source, and the check notices where one has not."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from experiments.checks import fidelity_page, sources
from experiments.checks.fidelity_page import page, rows_of, shown
from experiments.checks.sources import Publication, Sourced, main, problems, publications, settings
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver, pretraining_of
from experiments.tables.named import table_named
from experiments.tables.run_analysis import RunAnalysis
from experiments.tables.table import Table
from initializers.loading.contract import Initializer
from lightning_modules.pretraining.byol import byol
from lightning_modules.self_supervision.method import Method
from specs.expression import Call, parse
from specs.recipe import Recipe
from specs.recipe_parts import SGD, HorizontalFlip, OneOf, Rotate, Solarize
from specs.registry import INITIALIZERS, METHODS, OWN, RECIPES, TABLES
from specs.sources import AllOurs, Difference, Source, assumed, leaves, ours, published, taken_over, together, without
from tests.conftest import PROJECT
from tests.experiments.smoke import paths_in, spec

RECIPE = Recipe(
    image_size=8,
    batch_size=2,
    epochs=1,
    optimizer=SGD(0.5, 0.25),
    augmentation=(OneOf((HorizontalFlip(0.5), Rotate(7.0)), p=0.75), Solarize()),
)


@pytest.fixture(scope="module")
def every() -> list[Publication]:
    return publications()


def vouched(recipe: Recipe = RECIPE, **changes: Source | None) -> dict[str, Source]:
    """A source for each value, but for changed ones; None leaves one out."""
    named = {name.replace("__", "."): source for name, source in changes.items()}
    found = published(recipe.to_json(), "Nobody 2026, section 1") | named
    return {path: source for path, source in found.items() if source is not None}


def of(declared: Mapping[str, Source] | AllOurs, *unknown: str) -> Publication:
    """A publication of one recipe."""
    return Publication("toy", "Toy", "", (Sourced("toy/chests", RECIPE, declared, "toy.py"),), {}, unknown)


def test_every_value_of_every_recipe_of_a_paper_has_a_source_of_that_value(every: list[Publication]) -> None:
    assert [line for publication in every for line in problems(publication)] == []


def test_every_recipe_of_a_study_and_every_published_one_of_a_method_is_looked_at(every: list[Publication]) -> None:
    found = [one.name for publication in every for one in publication.recipes]
    studies = [name for name, entry in RECIPES.entries.items() if entry.distribution == OWN]
    expected = [f"{study}/{name}" for study in studies for name in RECIPES.get(study)()]
    assert found == [*expected, *(f"ssl/{name}" for name in METHODS.entries)]
    assert len({one.name for publication in every for one in publication.recipes}) == len(found) > 40
    for publication in every:
        for one in publication.recipes:
            assert one.recipe == recipe_named(one.name)
            assert (Path(sources.__file__).parents[2] / one.file).is_file()


LATER = {"decoder", "class_weights", "sampling"}
"""Settings that no recipe mentions where they change nothing, so that stored recipes stay the same."""


def test_defaults_and_the_arguments_of_a_method_are_values_too() -> None:
    found = settings(recipe_named("ssl/moco_v2"))
    assert {path.partition(".")[0] for path in found} == set(Recipe.__dataclass_fields__) - LATER
    assert (found["method.name"], found["method.temperature"], found["precision"]) == ("moco_v2", 0.2, "32")
    assert settings(RECIPE)["augmentation.0.steps.1.degrees"] == 7.0
    steps = {path: value for path, value in settings(RECIPE).items() if path.startswith("augmentation")}
    assert steps == {
        "augmentation.0.name": "one_of",
        "augmentation.0.steps.0.name": "horizontal_flip",
        "augmentation.0.steps.0.p": 0.5,
        "augmentation.0.steps.1.name": "rotate",
        "augmentation.0.steps.1.degrees": 7.0,
        "augmentation.0.steps.1.p": 1.0,
        "augmentation.0.p": 0.75,
        "augmentation.1.name": "solarize",
        "augmentation.1.threshold": 0.5,
        "augmentation.1.p": 0.2,
    }


def test_a_list_of_numbers_is_one_value_and_an_empty_list_is_one_too() -> None:
    assert leaves({"a": {"b": (3, 6)}, "c": [], "d": [{"e": None}]}) == {"a.b": [3, 6], "c": [], "d.0.e": None}


def test_a_recipe_with_a_source_for_each_value_is_in_order() -> None:
    assert list(problems(of(vouched()))) == []
    assert list(problems(of(AllOurs("a toy")))) == []


@pytest.mark.parametrize("path", settings(RECIPE))
def test_a_value_without_a_source_is_told(path: str) -> None:
    (line,) = problems(of(without(vouched(), path)))
    value = settings(RECIPE)[path]
    assert line.startswith(f"toy/chests: {path} = {value!r} has no source. Say in toy.py")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("epochs", 2),
        ("epochs", True),
        ("compiled", 0),
        ("optimizer.momentum", 0.250001),
        ("precision", 32),
        ("views", None),
    ],
)
def test_a_source_of_another_value_is_told(path: str, value: object) -> None:
    (line,) = problems(of(vouched() | {path: Source("assumed", value, "it looked good")}))
    assert line.startswith(f"toy/chests: {path} = ")
    assert f"vouches for {value!r} (it looked good). Mend" in line


def test_sources_of_what_is_not_there_are_told() -> None:
    stale = vouched() | published({"optimizer.nesterov": True, "augmentation.2.name": "rotate"}, "somewhere")
    assert [line.split(": ")[1].split(" ")[0] for line in problems(of(stale))] == [
        "optimizer.nesterov",
        "augmentation.2.name",
    ]
    (line,) = problems(of(vouched(), "toy/chest"))
    assert line.startswith("toy/chest has sources and is no recipe")


def test_the_command_fails_with_what_is_missing_and_how_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sources, "publications", lambda: [of(vouched())])
    assert main() == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sources, "publications", lambda: [of(without(vouched(), "epochs", "optimizer"))])
    assert main() == 1
    *lines, last = capsys.readouterr().err.splitlines()
    assert len(lines) == 6  # epochs; the name of the optimizer and its four settings
    assert last.startswith("6 values without a valid source")


def test_make_check_runs_the_command() -> None:
    makefile = (Path(sources.__file__).parents[2] / "Makefile").read_text()
    checks = makefile.partition("\ncheck:")[2].partition("\n\n")[0]
    assert f"-m {sources.__name__}" in checks


def test_each_kind_says_what_it_must() -> None:
    found = together(
        published({"optimizer": {"name": "sgd"}}, "section 3"),
        assumed({"epochs": 3}, "nobody says"),
        ours({"threads": 1}, published="8", because="of the laptop"),
    )
    assert found == {
        "optimizer.name": Source("published", "sgd", "section 3"),
        "epochs": Source("assumed", 3, "nobody says"),
        "threads": Source("ours", 1, "of the laptop", "8"),
    }
    assert taken_over(found, "as there") == found | {"optimizer.name": Source("assumed", "sgd", "as there")}
    assert without(found, "optim", "epochs") == {path: found[path] for path in ("optimizer.name", "threads")}
    with pytest.raises(ValueError, match="two sources vouch for epochs"):
        together(found, assumed({"epochs": 4}, "somebody says"))
    for arguments in [("published", 1, ""), ("ours", 1, "reason"), ("assumed", 1, "reason", "2")]:
        with pytest.raises(ValueError, match="lacks a text, or has one too many"):
            Source(*arguments)  # type: ignore[arg-type]


def recipes_of_paper(name: str) -> set[Recipe]:
    """The recipes of all runs that a table or figure needs in the paper profile, pretrainings included."""
    made = table_named(name, "paper")
    table = made.networks if isinstance(made, RunAnalysis) else made
    if not isinstance(table, Table):
        return set()
    assert table.pretraining is None
    expressions = {
        row.initializer.format(source=column.source, domain=column.domain)
        for row in table.rows
        for column in table.columns
        if (column.source or "{source}" not in row.initializer) and (column.domain or "{domain}" not in row.initializer)
    }
    needed = {recipe for text in expressions for recipe in pretrainings(INITIALIZERS.bind(text))}
    return needed | {column.recipe for column in table.columns}


def pretrainings(initializer: Call) -> list[Recipe]:
    """The recipes of all runs that weights need, and of what those need."""
    built: Initializer = INITIALIZERS.build(initializer)
    needed = [pretraining_of(need, parse("resnet50"), "real", None) for need in built.requires()]
    inner = [*built.nested().values(), *(one.initializer for one in needed)]
    return [one.recipe for one in needed] + [recipe for call in inner for recipe in pretrainings(call)]


PAPERS = [
    name
    for name, entry in RECIPES.entries.items()
    if (PROJECT / entry.module.rpartition(".")[0].replace(".", "/") / "printed").is_dir()
]
"""Studies with printed numbers; what the demo asks nobody has published."""


@pytest.mark.parametrize("paper", PAPERS)
def test_every_run_of_a_papers_profile_has_a_recipe_with_sources(paper: str, every: list[Publication]) -> None:
    """But for a network's input statistics, which its tables say."""

    def unnormalized(recipe: Recipe) -> Recipe:
        return dataclasses.replace(recipe, normalization="none")

    known = {
        (one.name, unnormalized(one.recipe))
        for publication in every
        for one in publication.recipes
        if not isinstance(one.declared, AllOurs)
    }
    names = [name for name, entry in TABLES.entries.items() if f".{paper}." in entry.module]
    asked = {unnormalized(recipe) for name in names for recipe in recipes_of_paper(name)}
    assert asked - {recipe for _, recipe in known} == set()
    assert [name for name, recipe in known if name.startswith(f"{paper}/") and recipe not in asked] == []


def resourced_byol(dimensions: int = 256, hidden: int = 4096, momentum: float = 0.996) -> Method:
    """BYOL with other words about it."""
    method = byol(dimensions, hidden, momentum)
    assert method.sources
    changed = {path: Source("assumed", 0, "other words") for path in method.sources}
    return method._replace(sources=changed, differences=(Difference("other words", "b", "c", "d"),))


def test_sources_change_no_identity_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_named("phantom_ssl/byol")
    made, resolver = spec(stage="pretrain", recipe=recipe, dataset="fractals"), Resolver(paths_in(tmp_path))
    before = resolver.resolve(made)
    entry = dataclasses.replace(METHODS.entries["byol"], module=__name__, attribute="resourced_byol")
    monkeypatch.setattr(METHODS, "entries", METHODS.entries | {"byol": entry})
    assert METHODS.build("byol").differences[0].subject == "other words"
    after = resolver.resolve(made)
    assert (after.identity, after.key) == (before.identity, before.key)
    written = json.dumps([after.identity, made.to_json(), recipe.to_json()])
    texts = {source.text for source in byol().sources.values()} | {"other words"}  # type: ignore[union-attr]
    assert [text for text in texts if text in written] == []


def test_what_runs_are_made_of_does_not_know_sources() -> None:
    root = Path(sources.__file__).parents[2]
    knowing = [
        str(path.relative_to(root))
        for folder in ("specs", "experiments/run", "datamodules", "initializers")
        for path in (root / folder).rglob("*.py")
        if "specs.sources" in path.read_text()
    ]
    assert knowing == []


def test_a_page_has_a_line_for_each_value_and_recipes_share_the_line_of_what_they_share() -> None:
    other = dataclasses.replace(RECIPE, epochs=5)
    declared = vouched(optimizer__momentum=Source("assumed", 0.25, "usual"))
    changed = declared | ours({"epochs": 5}, published="300", because="patience | time")
    both = (Sourced("toy/a", RECIPE, declared, ""), Sourced("toy/b", other, changed, ""))
    differences = {"": (Difference("Images", "public", "drawn", "none are there"),)}
    text = page(Publication("toy", "Toy", "Of nobody.", both, differences))
    lines = text.splitlines()
    assert lines[0] == "# Toy"
    assert "Of nobody." in lines
    assert "| `epochs` | a | 1 | the same | published | Nobody 2026, section 1 |" in lines
    assert "| `epochs` | b | 5 | 300 | ours | patience \\| time |" in lines
    assert "| `optimizer.momentum` | all | 0.25 | not said | assumed | usual |" in lines
    assert "| `optimizer.learning_rate` | all | 0.5 | the same | published | Nobody 2026, section 1 |" in lines
    steps = "one_of(horizontal_flip(p=0.5), rotate(degrees=7.0, p=1.0), p=0.75), solarize(threshold=0.5, p=0.2)"
    assert f"| `augmentation` | all | {steps} | the same | published | Nobody 2026, section 1 |" in lines
    assert "| Images | public | drawn | none are there |" in lines
    settings_in_order = [line.split("`")[1].partition(".")[0] for line in lines if line.startswith("| `")]
    assert settings_in_order == sorted(settings_in_order, key=list(Recipe.__dataclass_fields__).index)


def test_of_many_recipes_each_has_a_section_of_what_it_does_not_share() -> None:
    other = dataclasses.replace(RECIPE, epochs=5)
    many = [Sourced(f"toy/{name}", RECIPE, vouched(), "") for name in "abcdefghi"]
    last = Sourced("toy/z", other, published(other.to_json(), "Nobody 2026, section 1"), "")
    shared, _, own = page(Publication("toy", "Toy", "", (*many, last), {})).partition("\n### `z`\n")
    assert "| `epochs` | a, b, c, d, e, f, g, h, i | 1 | the same |" in shared
    assert "| `batch_size` | all | 2 | the same |" in shared
    assert "| `epochs` | z | 5 | the same | published | Nobody 2026, section 1 |" in own
    assert "`epochs` | z" not in shared


def test_a_page_tells_a_value_without_source_and_a_recipe_that_is_all_ours() -> None:
    (one,) = of(without(vouched(), "epochs")).recipes
    assert ("epochs", "no source") in {(row.setting, row.text) for row in rows_of(one)}
    assert "| `toy/chests` | a toy |" in page(of(AllOurs("a toy"))).splitlines()


def test_values_are_shown_in_the_words_of_expressions() -> None:
    views = {"count": 2, "image_size": 96, "augmentation": [{"name": "rotate", "degrees": 7.0}]}
    assert [shown(value) for value in (None, True, "card", [3, 6], [], views)] == [
        "none", "true", "card", "(3, 6)", "none", "views(2, 96, rotate(degrees=7.0))",
    ]  # fmt: skip


def test_every_value_of_a_published_recipe_is_on_its_page(every: list[Publication]) -> None:
    made = fidelity_page.pages()
    sourced = {
        publication.name: [one for one in publication.recipes if not isinstance(one.declared, AllOurs)]
        for publication in every
    }
    assert {f"fidelity/{name}.md" for name, recipes in sourced.items() if recipes} == set(made)
    for name, recipes in sourced.items():
        lines = made.get(f"fidelity/{name}.md", "").splitlines()
        rows = [line.strip("|` ").split(" | ") for line in lines if line.startswith("| `")]
        for one in recipes:
            part = one.name.partition("/")[2]
            said = {row[0].strip("`") for row in rows if row[1] == "all" or part in row[1].split(", ")}
            above = {
                path: [path.rsplit(".", cut)[0] for cut in range(path.count(".") + 1)] for path in settings(one.recipe)
            }
            assert [path for path, whole in above.items() if not said & {path, *whole}] == [], one.name


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        (
            "benchmark",
            {
                "the validation loss",
                "augmentation of validation images",
                "uncertain labels of CheXpert",
                "splits of DXC5, PXS, LXS, VFS and ECC",
                "the images of ECC",
                "the Dice coefficient",
            },
        ),
        ("transfusion", {"fundus photographs", "random weights", "the CBR networks", "Mean Var", "Gabor filters"}),
        ("ssl", {"when the learning rate changes", "the assignments"}),
    ],
)
def test_what_no_setting_says_is_declared_in_full(name: str, subjects: set[str], every: list[Publication]) -> None:
    (publication,) = [one for one in every if one.name == name]
    found = [one for of in publication.differences.values() for one in of]
    assert subjects <= {one.subject for one in found}
    assert all(text for one in found for text in dataclasses.astuple(one))


def test_the_check_needs_no_torch() -> None:
    code = "import sys, experiments.checks.sources as s; s.publications(); print('torch' in sys.modules)"
    root = Path(sources.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout == "False\n", done.stderr
