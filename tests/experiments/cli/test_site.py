"""Where runs go by a file or a variable, written down once for a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cli.command_line import main
from experiments.cli.site import VARIABLE, executor_expression
from specs.errors import UsageError

RUN = ["table", "initializations", "--profile", "smoke", "--dry-run", "--executor"]


def test_a_file_may_hold_the_expression_on_several_lines_with_comments(tmp_path: Path) -> None:
    path = tmp_path / "cluster.txt"
    path.write_text('# our cluster\nslurm(\n  partition="gpu",\n  # two hours\n  minutes=120)\n')
    assert executor_expression(f"@{path}") == 'slurm( partition="gpu", minutes=120)'
    assert executor_expression("local") == "local"


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("# nothing\n", "holds no expression"), (b"\xff", "cannot be read")],
)
def test_a_file_without_an_expression_is_refused(content: str | bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "cluster.txt"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=message):
        executor_expression(f"@{path}")


def test_a_wrong_expression_is_answered_like_one_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cluster.txt").write_text('slrum(partition="gpu")')
    assert main([*RUN, "@cluster.txt"]) == UsageError.exit_status
    assert 'unknown executor "slrum". Did you mean "slurm"' in capsys.readouterr().err


def test_the_variable_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cluster.txt").write_text('slrum(partition="gpu")')
    monkeypatch.setenv(VARIABLE, "@cluster.txt")
    assert main(RUN[:-1]) == UsageError.exit_status
    assert 'unknown executor "slrum"' in capsys.readouterr().err
