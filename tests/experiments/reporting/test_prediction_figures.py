"""ROC and precision-recall curves, reliability, confusion and areas of stored predictions, in tables and on pages."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from analysis.curves import GRID, precision_recall_curve, roc_curve
from experiments.reporting.blocks.bland_altman import AreasOfRuns, areas_of
from experiments.reporting.blocks.bland_altman import _cell as cell_of_areas
from experiments.reporting.blocks.building.block import drawn_data
from experiments.reporting.blocks.building.kind import gathered
from experiments.reporting.blocks.building.shown_rows import left_out
from experiments.reporting.blocks.confusion import ConfusionOfRuns, confusions_of
from experiments.reporting.blocks.operating_curves import TOGETHER, CurvesOfRuns, curves_of_run
from experiments.reporting.blocks.reliability import ReliabilityOfRuns
from experiments.reporting.formats.files import write_all
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.run.paths import Paths
from experiments.run.store import PREDICTIONS, VALIDATION_PREDICTIONS, Record
from experiments.tables.document import TableDocument
from specs.task import Task
from tests.experiments.example_table import blocks, document
from tests.experiments.gathered import gathering, predicted

EXACT = 1e-12
FIRST = "A_1 <50%> & more"


def stored(record: Record, file: str = PREDICTIONS) -> tuple[np.ndarray, np.ndarray]:
    table = pq.read_table(record.file(file))
    return table["target:pneumonia"].to_numpy(), table["probability:pneumonia"].to_numpy()


@pytest.fixture(scope="module")
def parts(record: Record, where: Paths) -> dict[type, object]:
    """What a table with one classification gathers, by its class."""
    return {type(part): part for part in gathered(gathering(record, where))}


def test_curves_of_stored_predictions_are_scikit_learns(record: Record, parts: dict[type, object]) -> None:
    targets, scores = stored(record)
    exact = roc_curve(targets, scores)
    steps = precision_recall_curve(targets, scores)
    rates, sensitivities, _ = metrics.roc_curve(targets, scores, drop_intermediate=False)
    precisions, recalls, _ = metrics.precision_recall_curve(targets, scores)
    assert exact is not None and steps is not None
    assert np.array(exact) == pytest.approx(np.array([rates, sensitivities]), abs=EXACT)
    assert np.array(steps)[:, ::-1] == pytest.approx(np.array([recalls, precisions])[:, :-1], abs=EXACT)
    part = parts[CurvesOfRuns]
    assert isinstance(part, CurvesOfRuns)
    (roc,), (precision_recall,) = part.roc, part.precision_recall
    assert (roc.runs, roc.spreads, roc.subject) == (1, (), "pneumonia")
    # On the grid: at a rate that a threshold has, the highest sensitivity there; of recalls, the first that reaches it.
    for rate, height in zip(GRID, roc.means, strict=True):
        if (at := np.abs(rates - rate) < EXACT).any():
            assert height == pytest.approx(sensitivities[at].max(), abs=EXACT)
    for recall, height in zip(GRID, precision_recall.means, strict=True):
        reached = recalls[:-1] >= recall
        assert height == pytest.approx(precisions[:-1][reached][-1], abs=EXACT)
    assert precision_recall.chance == pytest.approx(targets.mean())


def test_reliability_of_stored_predictions_is_scikit_learns(record: Record, parts: dict[type, object]) -> None:
    part = parts[ReliabilityOfRuns]
    assert isinstance(part, ReliabilityOfRuns)
    (run,) = part.runs
    shares, means = calibration_curve(*stored(record), n_bins=15)
    held = np.array([run.predictions, run.probabilities, run.events])
    held = held[:, held[0] > 0]
    assert held[2] / held[0] == pytest.approx(shares, abs=EXACT)
    assert held[1] / held[0] == pytest.approx(means, abs=EXACT)


def test_yes_and_no_are_told_apart_at_the_threshold_of_the_validation_split(
    record: Record, parts: dict[type, object]
) -> None:
    true, told = stored(record, VALIDATION_PREDICTIONS)
    least = min(one for one in told[true == 0] if (told[true == 0] <= one).mean() >= 0.9)
    targets, scores = stored(record)
    part = parts[ConfusionOfRuns]
    assert isinstance(part, ConfusionOfRuns)
    (matrix,) = part.matrices
    assert matrix.names == ("no pneumonia", "pneumonia")
    assert np.array(matrix.counts).tolist() == metrics.confusion_matrix(targets, scores > least).tolist()


def test_exclusive_classes_are_told_apart_by_the_likeliest_one(tmp_path: Path) -> None:
    names = [f"grade {number}" for number in range(5)]
    generator = np.random.default_rng(0)
    true, told = generator.integers(0, 5, 60), generator.dirichlet(np.ones(5), 60)
    dataset = "eyepacs"
    classes = _classes(dataset)
    assert len(classes) == len(names)
    columns = {f"target:{name}": (true == at).astype(float) for at, name in enumerate(classes)}
    columns |= {f"probability:{name}": told[:, at] for at, name in enumerate(classes)}
    ((found, counts),) = confusions_of(predicted(tmp_path, dataset, columns)).items()
    assert found == classes
    assert counts.tolist() == metrics.confusion_matrix(true, told.argmax(axis=1)).tolist()


def _classes(dataset: str) -> tuple[str, ...]:
    from specs.registry import DATASETS

    classes: tuple[str, ...] = DATASETS.build(dataset).task.classes
    return classes


def test_without_validation_predictions_no_threshold_is_made_up(tmp_path: Path) -> None:
    columns = {"target:pneumonia": np.array([0.0, 1.0]), "probability:pneumonia": np.array([0.2, 0.9])}
    assert confusions_of(predicted(tmp_path, 'medmnist("pneumoniamnist")', columns)) == {}


def test_the_mean_of_the_classes_has_the_area_of_the_tables_score() -> None:
    generator = np.random.default_rng(0)
    targets = (generator.random((3000, 3)) < [0.5, 0.2, 0.4]).astype(float)
    rows = {"targets": targets, "probabilities": np.clip(generator.random((3000, 3)) * 0.8 + 0.2 * targets, 0, 1)}
    found = curves_of_run(Task("multilabel", ("a", "b", "c"), scored=("a", "b")), rows)
    assert list(found) == [TOGETHER, "a", "b"]
    areas = [metrics.roc_auc_score(targets[:, at], rows["probabilities"][:, at]) for at in (0, 1)]
    assert np.trapezoid(found[TOGETHER][0], GRID) == pytest.approx(np.mean(areas), abs=0.002)
    assert list(curves_of_run(Task("multilabel", ("a", "b", "c")), rows, "auroc:c")) == ["c"]


def test_classes_that_count_as_positive_together_have_one_curve_of_their_summed_probability() -> None:
    generator = np.random.default_rng(0)
    true, told = generator.integers(0, 3, 400), generator.dirichlet(np.ones(3), 400)
    rows = {"targets": np.eye(3)[true], "probabilities": told}
    found = curves_of_run(Task("multiclass", ("none", "some", "much"), positives=("some", "much")), rows)
    assert list(found) == ["some or much"]
    area = metrics.roc_auc_score(true > 0, told[:, 1:].sum(axis=1))
    assert np.trapezoid(found["some or much"][0], GRID) == pytest.approx(area, abs=0.005)


def test_areas_are_shares_of_an_images_pixels() -> None:
    counts = {f"native_whole_{name}": np.array(of) for name, of in (
        ("tp", [10, 0]), ("fp", [5, 0]), ("fn", [15, 0]), ("tn", [70, 50]),
    )}  # fmt: skip
    predicted_areas, true = areas_of(counts)
    assert predicted_areas.tolist() == [15, 0]
    assert true.tolist() == [25, 0]
    of_class = areas_of({f"kidney:{name}": of for name, of in counts.items()}, "kidney")
    assert np.array_equal(of_class, [predicted_areas, true])


def with_all() -> TableDocument:
    """A table with curves, bins, matrices and areas of two rows."""
    generator = np.random.default_rng(0)
    curves, bins, matrices, areas = [], [], [], []
    from experiments.reporting.blocks.confusion import ConfusionMatrix
    from experiments.reporting.blocks.operating_curves import Curve
    from experiments.reporting.blocks.reliability import RunBins

    for row in ("random", "good | *best*"):
        for subject in (TOGETHER, "a", "b"):
            means = tuple(np.sort(generator.random(101)).tolist())
            curves.append(Curve(row, FIRST, subject, means, (0.1,) * 101, 3, 0.3))
        bins += [RunBins(row, FIRST, (0.0, 4.0) * 7 + (2.0,), (0.0, 1.0) * 7 + (1.9,), (0.0, 1.0) * 7 + (2.0,))] * 2
        matrices.append(ConfusionMatrix(row, FIRST, ("no a", "a"), ((50.0, 3.5), (7.0, 12.0)), 2))
        measured = generator.random(30)
        areas.append(cell_of_areas(row, "B", "", [(measured, measured + 0.1), (measured, measured + 0.3)]))
    parts = (
        CurvesOfRuns(tuple(curves), tuple(curves)), ReliabilityOfRuns(tuple(bins)), ConfusionOfRuns(tuple(matrices)),
        AreasOfRuns(tuple(areas)),
    )  # fmt: skip
    return document(parts=parts)


def test_a_table_with_all_of_them_survives_its_file(tmp_path: Path) -> None:
    made = with_all()
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made


def test_a_drawing_shows_the_mean_with_its_band_and_a_row_in_its_own_look() -> None:
    made = with_all()
    roc, classes, *_ = blocks(made, "operating_curves")
    assert roc.drawing is not None and classes.drawing is not None
    drawing = roc.drawing()
    assert drawing is not None
    (axes,) = drawing.axes
    part = made.part(CurvesOfRuns)
    assert part is not None
    _, first, second = axes.lines
    assert first.get_ydata() == pytest.approx(part.roc[0].means)
    assert (first.get_color(), first.get_marker()) == ("#0072B2", "o")
    assert (second.get_color(), second.get_marker()) != ("#0072B2", "o")
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(min(1, part.roc[0].means[-1] + 0.1))
    of_classes = classes.drawing()
    assert of_classes is not None
    assert [one.get_title() for one in of_classes.axes] == ["a", "b"]


def test_rows_that_there_is_no_room_for_are_named() -> None:
    made = with_all()
    shown = {(row, FIRST) for row, _ in made.rows}
    assert left_out(made, shown) == ()
    (note,) = left_out(made, shown - {("good | *best*", FIRST)})
    assert note.endswith("Left out: good | *best*.")
    curves = made.part(CurvesOfRuns)
    assert curves is not None
    first = CurvesOfRuns(*(tuple(one for one in of if one.row == "random") for of in (curves.roc, curves.roc)))
    assert note in blocks(dataclasses.replace(made, parts=(first,)), "operating_curves")[0].notes


def test_limits_of_agreement_are_means_over_the_runs() -> None:
    made = with_all()
    (block,) = blocks(made, "bland_altman")
    assert [entry.text for entry in block.lines[0].entries] == ["B", "-0.20", "-0.20 to -0.20", "2"]
    assert block.drawing is not None
    drawing = block.drawing()
    assert drawing is not None
    assert len(drawing.axes) == 2


def test_points_of_areas_come_by_their_size_so_that_no_point_tells_its_image() -> None:
    measured, true = np.array([5.0, 1.0, 3.0]), np.array([4.0, 2.0, 3.5])
    cell = cell_of_areas("r", "B", "", [(measured, true)])
    assert cell.predicted == (1.0, 3.0, 5.0)
    assert cell.true == (2.0, 3.5, 4.0)


def test_every_drawing_comes_with_its_numbers_and_as_pdf(tmp_path: Path) -> None:
    made = with_all()
    paths = {path.name for path in write_all(made, tmp_path)}
    for ending in ("-roc", "-precision-recall", "-roc-classes-1", "-reliability", "-confusion", "-bland-altman"):
        assert {f"example{ending}.{kind}" for kind in ("png", "svg", "pdf", "csv")} <= paths
    assert (tmp_path / "example-roc.pdf").read_bytes().startswith(b"%PDF-")
    header, *lines = (tmp_path / "example-roc.csv").read_text().splitlines()
    assert header.startswith(f"false_positive_rate,random | {FIRST} | {TOGETHER}: mean of 3,")
    assert len(lines) == 101
    write_all(dataclasses.replace(made, parts=()), tmp_path)
    assert not list(tmp_path.glob("example-roc*")), "numbers of before do not stay"


def test_every_block_with_a_drawing_has_numbers_for_it() -> None:
    for block in blocks_with_drawings(with_all()):
        header, *lines = drawn_data(block)
        assert lines and {len(line) for line in lines} == {len(header)}, block.title


def blocks_with_drawings(made: TableDocument) -> list:  # type: ignore[type-arg]
    from experiments.reporting.blocks.building.kind import blocks_of

    found = [block for block in blocks_of(made) if block.drawing is not None and block.drawing() is not None]
    assert len(found) >= 7
    return found
