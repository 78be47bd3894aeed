"""Runs on a shortcut: their keys know the dataset inside, and nobody reads the user's paths in their names."""

from __future__ import annotations

from pathlib import Path

from experiments.run.paths import Paths
from experiments.run.public_names import public_dataset, public_title
from experiments.run.resolve import Resolver
from specs.plugins import plugins_of
from specs.registry import DATASETS
from tests.experiments.smoke import paths_in, spec

INSIDE = 'medmnist("pneumoniamnist")'


def key(expression: str, where: Paths) -> str:
    return Resolver(where).resolve(spec(dataset=expression)).key


def test_whatever_changes_the_images_changes_the_key_and_nothing_else_does(where: Paths) -> None:
    plain = key(f"shortcut({INSIDE})", where)
    assert key(f"shortcut({INSIDE})", where) == plain
    assert key(f'shortcut(of={INSIDE}, artifact="tag", strength=0.9)', where) == plain
    others = {
        key(expression, where)
        for expression in (
            INSIDE,
            f'shortcut({INSIDE}, "frequency")',
            f"shortcut({INSIDE}, strength=0.8)",
            f'shortcut({INSIDE}, testing="never")',
            f"shortcut({INSIDE}, fraction=0.5)",
            'shortcut(medmnist("breastmnist"))',
        )
    }
    assert len(others | {plain}) == 7


def test_what_only_says_where_files_are_is_not_in_the_key_nor_in_a_published_name(where: Paths) -> None:
    """As of the dataset inside alone (``Dataset.membership``), and for the same reason."""
    resolver = Resolver(where)

    def named(argument: str) -> str:
        identity = resolver.resolve(spec(dataset=f"shortcut({argument})")).identity
        return str(identity["dataset"]["expression"])

    one = named('folder("/home/someone/ward", table="labels.csv", image="image", label="positive")')
    other = named('folder("/data/ward", table="labels.csv", image="image", label="positive")')
    assert one == other
    assert "someone" not in one
    expression = DATASETS.bind('shortcut(folder("/home/someone/secret", classes=("ill",)))')
    assert public_dataset(expression) == 'shortcut(of=folder(classes=("ill",)))'
    assert "secret" not in public_title(DATASETS, expression)
    assert public_title(DATASETS, expression).endswith("with a synthetic tag")


def test_its_files_are_those_of_the_dataset_inside(tmp_path: Path) -> None:
    where = paths_in(tmp_path)
    inside, whole = (
        DATASETS.bind('folder("/home/someone/ward")'),
        DATASETS.bind('shortcut(folder("/home/someone/ward"))'),
    )
    for edition in ("real", "phantom"):
        assert where.root(whole, edition) == where.root(inside, edition)  # type: ignore[arg-type]
        assert where.prepared(whole, edition) == where.prepared(inside, edition)  # type: ignore[arg-type]


def test_no_plugin_is_behind_our_own_datasets_inside() -> None:
    assert plugins_of(spec(dataset=f"shortcut({INSIDE})")) == ()
