"""Scores of groups of patients: those that are large enough, their gap, and what leaves the machine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from datamodules.dataset.sample import Sample
from datamodules.prepared.preparation import prepare
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import gathered
from experiments.reporting.blocks.groups import AllGroups, GapOfRow, ScoresOfGroups, _gather
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.run.progress import silent
from experiments.run.resolve import Resolver
from experiments.run.runner import run
from experiments.run.store import PREDICTIONS, Record
from experiments.tables.document import Cell
from experiments.tables.table import Column, Row, Table
from specs.expression import parse
from specs.fold import Fold
from specs.recipe import Form
from specs.task import Task
from tests.experiments.example_table import document, terminal
from tests.experiments.run.test_keys import write_pictures
from tests.experiments.smoke import paths_in, spec

FIRST = "A_1 <50%> & more"
SEXES = ("F", "M", "X")


def invented(folder: Path, kind: Any, seeds: int = 2) -> tuple[Gathering, list[pa.Table], list[Sample], dict[str, str]]:
    """A finished cell of ``seeds`` runs on 64 test images of 32 patients: 15 of F, 15 of M and 2 of X."""
    generator = np.random.default_rng(5)
    samples = [Sample(f"i{number}", f"p{number // 2}", (float(number % 4 < 2),), "") for number in range(64)]
    grouped = {one.id: SEXES[min(number // 30, 2)] for number, one in enumerate(samples) if number != 7}
    task, sized = Task(kind, ("ill",)), spec()
    tables, records = [], {}
    for seed in range(seeds):
        columns: dict[str, Any] = {"id": [one.id for one in samples]}
        if kind == "segmentation":
            for place in ("network_whole", "network_fov", "native_whole", "native_fov"):
                columns |= {f"{place}_{name}": generator.integers(1, 50, 64) for name in ("tp", "fp", "fn", "tn")}
        else:
            targets = np.array([one.target[0] for one in samples])
            columns |= {"target:ill": targets, "probability:ill": np.round(generator.random(64) / 2 + targets / 3, 2)}
        (folder / str(seed)).mkdir(parents=True)
        tables.append(pa.table(columns))
        pq.write_table(tables[-1], folder / str(seed) / PREDICTIONS)
        records[f"key{seed}"] = Record(folder / str(seed), {"key": f"key{seed}", "spec": sized.to_json()})
    dataset = SimpleNamespace(task=task, grouped=lambda _: {"sex": grouped}, kind=kind)
    resolver = SimpleNamespace(
        opened=lambda *_: SimpleNamespace(dataset=dataset, root=folder), index=lambda _: SimpleNamespace(test=samples)
    )
    table = Table(
        title="T", question="?", edition="phantom", protocol="smoke", weights="none", backbone=str(sized.backbone),
        rows=(Row("r", "random"),), columns=(Column("A", str(sized.dataset), sized.recipe),), reference="r",
        pretraining=None, seeds=seeds,
    )  # fmt: skip
    runs = tuple(SimpleNamespace(key=key, spec=sized) for key in records)
    made = Gathering(
        table=table, cells=cast(Any, {("r", "A"): runs}), records=records, resolver=cast(Any, resolver),
        paths=paths_in(folder), told=lambda _: silent,
    )  # fmt: skip
    return made, tables, samples, grouped


def resamples(samples: list[Sample]) -> list[list[int]]:
    """The images that each of 1000 resamples of the patients draws, by the generator that the project states."""
    patients = sorted({one.patient for one in samples})
    images = {patient: [place for place, one in enumerate(samples) if one.patient == patient] for patient in patients}
    generator = np.random.default_rng(0)
    drawn = [generator.integers(len(patients), size=len(patients)) for _ in range(1000)]
    return [[place for number in numbers for place in images[patients[number]]] for numbers in drawn]


def area(positive: np.ndarray, negative: np.ndarray) -> float:
    """The share of pairs in the right order, ties as halves; NaN without a pair."""
    if not len(positive) or not len(negative):
        return float("nan")
    apart = positive[:, None] - negative[None, :]
    return float((apart > 0).mean() + (apart == 0).mean() / 2)


def test_scores_gaps_and_intervals_are_those_of_the_groups_images_drawn_anew(tmp_path: Path) -> None:
    made, tables, samples, grouped = invented(tmp_path, "binary")
    (found,) = cast(AllGroups, _gather(made)).each
    assert (found.column, found.told_by, found.patients, found.too_few) == ("A", "sex", {"F": 15, "M": 15}, True)
    assert set(found.scores) == {"F", "M"}, "the group of two patients is named nowhere"
    values: dict[str, list[list[float]]] = {"F": [], "M": []}
    own = {}
    for group in ("F", "M"):
        for table in tables:
            true, told = table["target:ill"].to_numpy(), table["probability:ill"].to_numpy()
            inside = [place for place, one in enumerate(samples) if grouped.get(one.id) == group]
            own.setdefault(group, []).append(roc_auc_score(true[inside], told[inside]))
            values[group].append([])
            for drawn in resamples(samples):
                rows = [place for place in drawn if grouped.get(samples[place].id) == group]
                values[group][-1].append(area(told[rows][true[rows] == 1], told[rows][true[rows] == 0]))
        cell = found.scores[group]["r", "A"]
        assert cell.values == pytest.approx(own[group], abs=1e-12)
        ends = np.nanquantile(np.mean(values[group], axis=0), [0.025, 0.975])
        assert cell.interval == pytest.approx(tuple(ends), abs=1e-9)
    means = {group: float(np.mean(of)) for group, of in own.items()}
    highest, lowest = sorted(means, key=means.__getitem__, reverse=True)
    apart = found.gaps["r", "A"]
    assert (apart.highest, apart.lowest) == (highest, lowest)
    assert apart.difference == pytest.approx(means[highest] - means[lowest], abs=1e-12)
    differences = np.mean(values[highest], axis=0) - np.mean(values[lowest], axis=0)
    assert apart.interval == pytest.approx(tuple(np.nanquantile(differences, [0.025, 0.975])), abs=1e-9)


def test_a_segmentation_needs_patients_alone(tmp_path: Path) -> None:
    made, (table,), samples, grouped = invented(tmp_path, "segmentation", seeds=1)
    (found,) = cast(AllGroups, _gather(made)).each
    tp, fp, fn = (table[f"network_whole_{name}"].to_numpy() for name in ("tp", "fp", "fn"))
    inside = [place for place, one in enumerate(samples) if grouped.get(one.id) == "M"]
    assert found.scores["M"]["r", "A"].values == pytest.approx([np.mean((2 * tp / (2 * tp + fp + fn))[inside])])
    assert set(found.scores) == {"F", "M"}


def test_groups_that_are_mended_are_scored_anew(tmp_path: Path) -> None:
    made, _, _, grouped = invented(tmp_path, "binary")
    before = cast(AllGroups, _gather(made)).each[0]
    assert cast(AllGroups, _gather(made)).each[0] == before, "and what did not change is read"
    for name in list(grouped)[:8]:
        grouped[name] = "M"
    after = cast(AllGroups, _gather(made)).each[0]
    assert before.patients == {"F": 15, "M": 15}
    assert after.patients == {"F": 11, "M": 20}, "p4 has an image in each"


def test_groups_enter_no_key_and_a_run_is_found_with_them_and_without(tmp_path: Path) -> None:
    write_pictures(tmp_path / "folder")
    table = tmp_path / "folder" / "labels.csv"
    head, *rows = table.read_text().splitlines()
    table.write_text("\n".join([f"{head},sex,age", *(f"{row},{'FM'[n % 2]},{n}" for n, row in enumerate(rows))]) + "\n")
    where, keys = paths_in(tmp_path), set()
    plain = f'folder("{tmp_path}/folder", classes=("ill",), patient="patient"'
    for text in (f"{plain})", f'{plain}, groups=("sex", "age"))'):
        dataset, root = where.open(parse(text), "real")
        prepare(dataset, root, where.prepared(parse(text), "real"), [Form(32)], jobs=1)
        keys.add(Resolver(where).resolve(spec(dataset=text, edition="real")).key)
    assert len(keys) == 1


def test_a_finished_table_gathers_groups_and_tells_of_none_that_is_small(tmp_path: Path) -> None:
    where = paths_in(tmp_path)
    planned = spec(dataset='folder(groups=("sex",))')
    record = run(planned, where)
    resolved = Resolver(where).resolve(planned)
    table = Table(
        title="T", question="?", edition="phantom", protocol="smoke", weights="none", backbone=str(planned.backbone),
        rows=(Row("r", "random"),), columns=(Column("A", str(planned.dataset), planned.recipe),), reference="r",
        pretraining=None, seeds=1,
    )  # fmt: skip
    made = Gathering(
        table=table, cells={("r", "A"): (resolved,)}, records={resolved.key: record}, resolver=Resolver(where),
        paths=where, told=lambda _: silent,
    )  # fmt: skip
    (part,) = (one for one in gathered(made) if isinstance(one, AllGroups))
    assert part.each == (ScoresOfGroups("A", "sex", {}, True, {}, {}),)  # six test patients


def test_every_format_shows_scores_and_gaps_and_names_no_small_group(tmp_path: Path) -> None:
    scores = {"F": {("random", FIRST): Cell((0.7, 0.8), interval=(0.6, 0.9))}, "M": {("random", FIRST): Cell((0.5,))}}
    gaps = {("random", FIRST): GapOfRow("F", "M", 0.25, (-0.0125, 0.5))}
    part = AllGroups((
        ScoresOfGroups(FIRST, "sex", {"F": 15, "M": 14}, True, scores, gaps),
        ScoresOfGroups(FIRST, "age", {}, True, {}, {}),
    ))  # fmt: skip
    made = document(parts=(part,))
    page = render("A report", [Illustrated(made)])
    for text in (terminal(made), to_markdown(made), page):
        assert "75.00 ± 7.07" in text
        assert "25.00 (-1.25 to 50.00)" in text
        assert "so that nobody is singled out" in " ".join(text.split())
    assert "60.00 to 90.00" in page
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made


def test_runs_of_folds_are_left_out(tmp_path: Path) -> None:
    made, *_ = invented(tmp_path, "binary")
    for one in made.cells["r", "A"]:
        cast(Any, one).spec = spec(fold=Fold(1, 5))
    assert _gather(made) is None
