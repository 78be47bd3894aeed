"""Claims held against other people's finished work: what ships, what the user has, and what is told of both."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from scipy import stats

from analysis.hypothesis import Hypothesis
from experiments.cli.command_line import main
from experiments.ledger.claim import Claim, Reading, difference, held_against, mean_of, over_columns
from experiments.ledger.elsewhere import Shipped
from experiments.ledger.evidence_of import ALONE
from experiments.ledger.finished_runs import FinishedRuns
from experiments.ledger.ledger import Finding, LedgerEntry, ledger
from experiments.ledger.page import claims_latex, render_claims
from experiments.ledger.words import lacking
from specs.errors import DataError
from specs.registry import CLAIMS, Entry
from tests.conftest import PROJECT

MORE = Hypothesis("more", 0.5)

RUNS = FinishedRuns(
    file="runs.csv", citation="Nobody 2026", licence="MIT", row="source", column="task", tuned=("lr",),
    validation="val", score="test",
)  # fmt: skip

LINES = """source,task,lr,wd,val,test
a,x,0.1,0,0.80,0.70
a,x,0.1,1,0.90,0.72
a,x,0.2,0,0.95,0.10
a,x,0.2,1,0.10,0.20
b,x,0.1,0,0.80,0.70
b,x,0.2,0,,
a,y,0.1,0,0.9,0.9
b,y,0.1,0,0.9,0.8
a,z,0.1,0,0.9,0.65
b,z,0.1,0,0.9,0.6
"""


def entry(name: str, elsewhere: Path | None = None) -> LedgerEntry:
    (found,) = [one for one in ledger((), name.split("_")[0], elsewhere) if one.name == name]
    return found


def others(one: LedgerEntry) -> list[Finding]:
    return [finding for finding in one.findings if finding.kind == "elsewhere"]


def test_settings_are_picked_by_their_mean_validation_and_runs_without_a_score_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(LINES)
    numbers = RUNS.read(tmp_path)
    assert numbers is not None
    alone = numbers.judge(difference("a", "b", "x"), MORE)
    assert alone.estimate == pytest.approx(71.0 - 70.0)  # the rate 0.1, over both weight decays
    assert (alone.interval, alone.lacking) == (None, ALONE)
    lacking_one = numbers.judge(difference("a", "random", "x"), MORE)
    assert lacking_one.lacking == "no numbers of random on x"


def test_a_sum_over_tasks_is_tested_over_tasks(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(LINES)
    numbers = RUNS.read(tmp_path)
    assert numbers is not None
    found = numbers.judge(over_columns("", "a", "b", ("x", "y", "z")).whole, MORE)
    theirs = stats.ttest_1samp([1.0, 10.0, 5.0], 0.0, alternative="greater")
    assert found.estimate == pytest.approx(16 / 3)
    assert found.p_for == pytest.approx(theirs.pvalue)
    assert found.interval == pytest.approx(stats.ttest_1samp([1.0, 10.0, 5.0], 0.0).confidence_interval())


def test_a_file_that_the_user_does_not_have_is_not_read(tmp_path: Path) -> None:
    assert RUNS.read(None) is None
    assert RUNS.read(tmp_path) is None
    assert RUNS.wanted == "runs.csv (Nobody 2026; licence: MIT)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("source,task,lr,val\n", "found none named lr, source, task, test, val"),
        (LINES.replace("test", "score", 1), "found none named test"),
        (LINES.replace("0.72", "72"), 'line 3 has the test "72", where a score in'),
        (LINES.replace("0.72", "high"), 'line 3 has the test "high", where a score in'),
    ],
)
def test_a_malformed_file_of_runs_is_named_with_what_is_wrong(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(text)
    with pytest.raises(DataError, match=told):
        RUNS.read(tmp_path)


def test_a_damaged_archive_of_runs_is_refused(tmp_path: Path) -> None:
    runs = FinishedRuns(
        file="runs.csv.gz", citation="N", licence="MIT", row="source", column="task", tuned=("lr",),
        validation="val", score="test",
    )  # fmt: skip
    whole = gzip.compress(LINES.encode())
    (tmp_path / "runs.csv.gz").write_bytes(whole)
    assert runs.read(tmp_path) is not None
    (tmp_path / "runs.csv.gz").write_bytes(whole[:-20])
    with pytest.raises(DataError, match="expected a table of finished runs"):
        runs.read(tmp_path)


def shipped(folder: Path, head: str) -> Shipped:
    path = folder / "numbers.csv"
    path.write_text(f"# source: Nobody 2026\n{head}row,column,mean,std,trust\na,x,71,1,printed\nb,x,70,1,printed\n")
    return Shipped(path)


def test_numbers_that_ship_need_a_licence_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='expected a line "# licence: TEXT" above the numbers'):
        shipped(tmp_path, "").read(None)
    with pytest.raises(DataError, match=r"none\.csv: expected numbers of others that come with a claim, found no file"):
        Shipped(tmp_path / "none.csv").read(None)


def test_numbers_with_repeated_runs_are_judged_by_them_and_others_by_tasks(tmp_path: Path) -> None:
    asked = difference("a", "b", "x")
    assert shipped(tmp_path, "# licence: MIT\n").read(None).judge(asked, MORE).lacking == ALONE
    found = shipped(tmp_path, "# licence: MIT\n# runs: 10\n").read(None).judge(asked, MORE)
    theirs = stats.ttest_ind_from_stats(71, 1, 10, 70, 1, 10, equal_var=False, alternative="greater")
    assert found.p_for == pytest.approx(theirs.pvalue)


def test_a_reading_of_others_work_says_so() -> None:
    with pytest.raises(ValueError, match="expected others' work in a reading of the source elsewhere"):
        Reading("", difference("a", "b", "x"), source="elsewhere")
    with pytest.raises(ValueError, match="expected others' work"):
        Reading("table", difference("a", "b", "x"), others=RUNS)


def cells(file: str) -> dict[tuple[str, str], float]:
    """The means of a shipped file, read by this test itself."""
    lines = (PROJECT / "experiments" / "studies" / file).read_text().splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {(row["row"], row["column"]): float(row["mean"]) for row in rows}


def test_the_replication_of_reuse_is_as_its_authors_published_it_and_tested_over_its_tasks() -> None:
    values, stages = cells("transfusion/elsewhere/similarity.csv"), ("conv1", "block1", "block2", "block3", "block4")
    own, foreign = ([values[f"{start} start {stage}", "chest"] for stage in stages] for start in ("own", "random"))
    assert own == pytest.approx([91.9, 87.2, 72.5, 44.0, 22.6], abs=0.05)
    assert foreign == pytest.approx([52.9, 32.9, 27.8, 23.2, 16.4], abs=0.05)
    (finding,) = others(entry("transfusion_reuse_at_the_bottom"))
    tasks = sorted({task for _, task in values})
    kept = {
        stage: [values[f"own start {stage}", task] - values[f"random start {stage}", task] for task in tasks]
        for stage in stages
    }
    gains = [low - high for low, high in zip(kept["conv1"], kept["block4"], strict=True)]
    assert len(gains) == 7
    assert finding.evidence.p_for == pytest.approx(stats.ttest_1samp(gains, 0, alternative="greater").pvalue)
    assert {part.name: part.evidence.estimate for part in finding.parts} == {
        stage: pytest.approx(sum(gain) / 7) for stage, gain in kept.items()
    }
    assert "none of their networks was trained from random weights" in " ".join(finding.remarks)


def test_radiology_images_beside_natural_ones_are_tested_over_tasks_too() -> None:
    values = cells("benchmark/elsewhere/radiology_images.csv")
    gains = [values["RadImageNet", task] - mean for (row, task), mean in values.items() if row == "ImageNet"]
    (finding,) = others(entry("benchmark_domain_beats_natural"))
    theirs = stats.ttest_1samp(gains, 0, alternative="less")
    assert finding.evidence.estimate == pytest.approx(sum(gains) / 7)
    assert finding.evidence.p_against == pytest.approx(theirs.pvalue)
    assert [part.verdict for part in finding.parts] == ["untested"] * 7


def test_others_runs_that_the_user_has_are_read_from_the_folder(real_data: Path) -> None:
    folder = real_data / "worlds"
    with gzip.open(folder / "sources.csv.gz", "rt", newline="") as opened:
        lines = list(csv.DictReader(opened))
    assert len({line["source"] for line in lines}) == 15  # of each task one is the task itself
    assert "random" not in {line["source"] for line in lines}  # so that nothing says what transfer is worth
    assert others(entry("benchmark_transfer_improves", folder)) == []
    one = entry("benchmark_domain_beats_natural", folder)
    assert one.unread == ()
    _, finding = others(one)

    def picked(source: str, task: str) -> float:
        runs: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for line in lines:
            if (line["source"], line["target"]) == (source, task) and line["validation_auc"] and line["test_auc"]:
                scores = float(line["validation_auc"]), float(line["test_auc"])
                runs.setdefault((line["lr"], line["momentum"]), []).append(scores)
        best = max(runs.values(), key=lambda each: sum(score for score, _ in each) / len(each))
        return 100 * sum(score for _, score in best) / len(best)

    tasks = sorted({line["target"] for line in lines})
    by_task = [
        (picked("radimagenet", task) + picked("medmnist", task)) / 2 - picked("imagenet", task) for task in tasks
    ]
    assert finding.evidence.p_for == pytest.approx(stats.ttest_1samp(by_task, 0, alternative="greater").pvalue)
    (chest,) = [part for part in finding.parts if part.name.endswith("chest x-rays alone")]
    expected = picked("chestmnist", "pneumoniamnist") - picked("imagenet", "pneumoniamnist")
    assert chest.evidence.estimate == pytest.approx(expected) and chest.verdict == "untested"


def test_what_is_not_there_or_cannot_be_tested_is_said() -> None:
    (unread,) = [line for line in lacking(entry("benchmark_domain_beats_natural")) if line.startswith("elsewhere")]
    assert unread.startswith("elsewhere: not read; put sources.csv.gz (Juodelyte et al. 2024, https://arxiv.org/abs/")
    assert unread.endswith("; licence: MIT, Copyright (c) 2024 DovileDo) into a folder and name it by --elsewhere")
    told = " ".join(lacking(entry("benchmark_transfer_improves")))
    assert "elsewhere: not tested, since of the 14 sources of Juodelyte et al. 2024" in told


def test_licence_and_citation_are_told_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = ledger((), "transfusion")
    told = ("Juodelyte et al. 2023, https://arxiv.org/abs/2302.08272", "licence: MIT, Copyright (c) 2023 DovileDo")
    assert main(["claims", "--paper", "transfusion"]) == 0
    terminal = " ".join(capsys.readouterr().out.split())
    for text in (terminal, render_claims(found), " ".join(claims_latex(found).split())):
        assert all(words in text for words in told)
    assert "elsewhere: supported; lowest less highest stage, mean over 7 tasks +" in terminal
    plain = json.loads(json.dumps([one.to_json() for one in found], allow_nan=False))
    (finding,) = [one for entry in plain for one in entry["findings"] if one["kind"] == "elsewhere"]
    assert finding["source"].startswith(told[0]) and finding["licence"] == told[1].removeprefix("licence: ")


def test_the_folder_is_worlds_in_the_root_of_data_or_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    head = "source,target,lr,momentum,validation_auc,test_auc\n"
    (tmp_path / "root" / "worlds").mkdir(parents=True)
    with gzip.open(tmp_path / "root" / "worlds" / "sources.csv.gz", "wt") as opened:
        opened.write(f"{head}imagenet,pathmnist,0.1,0,0.9,0.9\n")
    (tmp_path / "empty").mkdir()
    for arguments in (["--data-root", "root"], ["--elsewhere", "root/worlds"]):
        assert main(["claims", "--paper", "benchmark", "--json", *arguments]) == 0
        (domain,) = [
            one for one in json.loads(capsys.readouterr().out) if one["name"] == "benchmark_domain_beats_natural"
        ]
        _, finding = (one for one in domain["findings"] if one["kind"] == "elsewhere")
        assert finding["evidence"]["lacking"].startswith("no numbers of radimagenet on chestmnist")
    assert main(["claims", "--elsewhere", "empty"]) == DataError.exit_status
    error = capsys.readouterr().err
    assert "empty: expected finished work of others, sources.csv.gz (Juodelyte et al. 2024" in error
    assert "Name the folder that holds it, or leave --elsewhere out." in error


def test_a_plugins_claim_may_be_held_against_others_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_claim_of_others.py").write_text(
        "from pathlib import Path\n"
        "from experiments.ledger.claim import Claim, difference, held_against\n"
        "from experiments.ledger.elsewhere import Shipped\n"
        "NUMBERS = Shipped(Path(__file__).parent / 'numbers.csv')\n"
        "def ours(profile: str = 'paper') -> Claim:\n"
        "    return Claim(sentence='Ours.', where='here', kind='more', margin=1.0, margin_from='us',\n"
        "                 readings=(held_against(NUMBERS, difference('a', 'b', 'x')),))\n"
    )
    shipped(tmp_path, "# licence: CC BY 4.0\n# runs: 10\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        CLAIMS, "entries", {"ours": Entry("ours", "Ours.", "their_claim_of_others", "ours", "their-distribution")}
    )
    (own,) = ledger(())
    assert isinstance(own.claim, Claim)
    (finding,) = own.findings
    assert (finding.kind, finding.licence, finding.source) == ("elsewhere", "CC BY 4.0", "Nobody 2026")


def test_a_mean_over_sources_counts_each_task_once(tmp_path: Path) -> None:
    """Two sources by two tasks are two repeats and not four."""
    (tmp_path / "runs.csv").write_text(
        "source,task,lr,val,test\n"
        + "".join(
            f"{source},{task},1,0.5,{score}\n"
            for source, scores in (("a", (0.7, 0.8)), ("b", (0.6, 0.9)), ("c", (0.5, 0.5)))
            for task, score in zip("xy", scores, strict=True)
        )
    )
    numbers = RUNS.read(tmp_path)
    assert numbers is not None
    both = mean_of("both", [difference(source, "c", task) for source in "ab" for task in "xy"])
    found = numbers.judge(held_against(RUNS, both).whole, MORE)
    assert found.p_for == pytest.approx(stats.ttest_1samp([15.0, 35.0], 0, alternative="greater").pvalue)
