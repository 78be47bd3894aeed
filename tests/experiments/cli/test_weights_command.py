"""`medtransfer weights` as a user drives it: a store that is filled by hand, verified, and asked for more."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from experiments.cli.command_line import main
from initializers.publishing.catalogue import published
from initializers.publishing.variable import VARIABLE


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    torch.save({"conv1.weight": torch.zeros(2)}, tmp_path / "mine.pth")
    return tmp_path


def test_every_published_checkpoint_is_listed_with_licence_and_place(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", "list", "--json"]) == 0
    entries = {entry["initializer"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert len(entries) == len(list(published())) >= 22
    assert all(entry["licence"] and entry["page"].startswith("https://") for entry in entries.values())
    assert not any(entry["there"] for entry in entries.values() if entry["pip"] is None)
    assert len({entry["file"] for entry in entries.values()}) == len(entries)
    assert main(["weights", "list", "insdis"]) == 0
    assert "by hand from" in capsys.readouterr().out


def test_a_file_is_added_verified_and_missed_when_it_changes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "add", "swav", "mine.pth"]) == 0
    stored = home / "weights" / "swav_800ep_pretrain.pth.tar"
    assert stored.read_bytes() == (home / "mine.pth").read_bytes()
    assert main(["weights", "verify"]) == 0
    verified = [line for line in capsys.readouterr().out.splitlines() if str(home) in line]
    assert [line.count("sha256") for line in verified] == [1, 1]  # what was added, and what was verified
    status = stored.stat()
    content = bytearray(stored.read_bytes())
    content[-1] ^= 1
    stored.write_bytes(content)
    os.utime(stored, ns=(status.st_mtime_ns, status.st_mtime_ns))  # even if size and time are as before
    assert main(["weights", "verify"]) == 4
    assert "its bytes changed" in capsys.readouterr().out
    assert main(["weights", "list", "swav"]) == 0
    assert "there" in capsys.readouterr().out


def test_another_file_of_the_same_name_is_not_put_over_the_first(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", "add", "swav", "mine.pth"]) == 0
    (home / "other.pth").write_bytes(b"something else")
    assert main(["weights", "add", "swav", "other.pth"]) == 4
    assert "holds another swav_800ep_pretrain.pth.tar" in capsys.readouterr().err
    assert main(["weights", "add", "swav", "mine.pth"]) == 0


def test_a_file_that_is_not_the_publishers_is_not_added(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "add", "imagenet", "mine.pth"]) == 4
    assert "publishers' begins with 0676ba61" in capsys.readouterr().err
    assert not (home / "weights" / "resnet50-0676ba61.pth").exists()


def test_what_must_be_fetched_by_hand_is_said_and_the_rest_has_its_turn(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", "add", "swav", "mine.pth"]) == 0
    capsys.readouterr()
    assert main(["weights", "fetch", "insdis", "swav"]) == 4
    output = capsys.readouterr().out
    assert "Fetch it by hand from https://github.com/HobbitLong/PyContrast" in output
    assert str(home / "weights" / "InsDis.pth") in output
    assert "swav:" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch"], "name what to fetch"),
        (["add", "swav"], "give an initializer and the file"),
        (["add", "swav", "nowhere.pth"], "there is no weight file nowhere.pth"),
        (["list", "random"], "has no published file"),
        (["list", "swaw"], "swav"),
    ],
)
def test_a_mistake_is_answered_with_what_was_expected(
    arguments: list[str], message: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", *arguments]) in (2, 4)
    assert message in capsys.readouterr().err


def test_the_store_can_be_given_as_an_option(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert main(["weights", "add", "swav", "mine.pth", "--weights", "elsewhere"]) == 0
    assert (home / "elsewhere" / "swav_800ep_pretrain.pth.tar").is_file()
