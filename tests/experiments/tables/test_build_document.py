"""What a table's document says of the weights behind it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun
from experiments.run.store import Record
from experiments.tables.build_document import collapses, remarks
from initializers.loading.contract import build
from specs.expression import parse
from tests.experiments.smoke import spec


def found(initializer: str, normalization: str = "card") -> list[str]:
    made = spec()
    recipe = dataclasses.replace(made.recipe, normalization=normalization)  # type: ignore[arg-type]
    run = ResolvedRun(dataclasses.replace(made, initializer=parse(initializer), recipe=recipe), {}, {})
    return [remark for _, remark in remarks("a row", (run,))]


def test_differences_of_the_network_and_its_input_are_said() -> None:
    assert found("imagenet") == found("random") == found("random", "none") == []
    (padding,) = found("byol")
    assert "TensorFlow's SAME" in padding
    assert found('transfuse(byol, "layer2")') == [padding]
    assert found("mean_var(byol)") == []  # its features are gone
    assert found("imagenet", "imagenet") == []
    assert found("imagenet", "none") == ['the weights expect another input normalization than the recipe\'s "none"']
    assert len(found("simclr_v1")) == 2
    assert len(found("simclr_v1", "imagenet")) == 3  # as the benchmark's paper did
    assert remarks("a row", "the source is the target") == []


def test_a_collapsed_pretraining_is_said() -> None:
    ssl = spec('ssl("byol", on="fractals")')
    need = dataclasses.replace(
        ssl,
        stage="pretrain",
        dataset=parse("fractals"),
        recipe=recipe_named("phantom_ssl/byol"),
        initializer=parse("random"),
    )
    pretraining = ResolvedRun(need, {"it": 1}, {})
    (asked,) = build(ssl.initializer).requires()
    run = ResolvedRun(ssl, {"it": 2}, {asked: pretraining})

    def said(collapsed: bool) -> list[tuple[str, str]]:
        data = {"collapsed": collapsed, "outcome": {"scores": {"embedding_rank": 1.04}}}
        return list(collapses("a row", (run,), {pretraining.key: Record(Path(), data)}))

    assert said(False) == []
    ((row, remark),) = said(True)
    assert row == "a row"
    assert "on Fractals, collapsed: the effective rank of the embeddings is 1.04" in remark
    assert list(collapses("a row", "no other dataset", {})) == []
