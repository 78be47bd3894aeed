"""A file of a Hugging Face repository at one commit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from initializers.hf import Hf
from initializers.loading.contract import build
from initializers.publishing.variable import VARIABLE
from specs.errors import UsageError, WeightsError
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"
EXPRESSION = f'hf("somebody/weights", "backbone/model.safetensors", revision="{COMMIT}", drop=("projector.",))'
NAME = "hf--somebody--weights--0123456789ab--backbone--model.safetensors"


def place(folder: Path) -> dict[str, torch.Tensor]:
    tensors = tiny().draw(seeded(3))
    named = {f"backbone.{name}": tensor for name, tensor in tensors.items()}
    save_file(named | {"backbone.projector.0.weight": torch.ones(2)}, folder / NAME)
    return tensors


class TestHf(InitializerContract):
    expression = EXPRESSION

    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, str(tmp_path))

    def prepare(self, folder: Path) -> None:
        place(folder)

    def test_it_is_at_the_commit_and_nowhere_else(self) -> None:
        built = build(EXPRESSION)
        assert isinstance(built, Hf)
        assert built.file.url == (
            f"https://huggingface.co/somebody/weights/resolve/{COMMIT}/backbone/model.safetensors"
        )
        assert built.file.name == NAME

    def test_a_file_that_is_not_there_is_answered_with_its_address(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match=rf"resolve/{COMMIT}/backbone/model\.safetensors and put it at .*{NAME}"):
            build(EXPRESSION).identity()

    def test_bytes_that_changed_are_refused(self, tmp_path: Path) -> None:
        tensors = place(tmp_path)
        build(EXPRESSION).identity()
        save_file({f"backbone.{name}": tensor + 1 for name, tensor in tensors.items()}, tmp_path / NAME)
        with pytest.raises(WeightsError, match="its bytes changed"):
            build(EXPRESSION).state_dict(tiny(), seeded(0), no_runs)

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            (EXPRESSION.replace(COMMIT, "main"), "a commit of 40 hexadecimal digits"),
            (EXPRESSION.replace("somebody/", ""), 'expected "owner/name"'),
            (EXPRESSION.replace("backbone/", "../"), 'expected "owner/name" and a path in it'),
        ],
    )
    def test_what_does_not_name_one_file_for_good_is_refused(self, expression: str, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            build(expression)

    def test_what_it_was_trained_on_is_said_by_the_user_and_does_not_change_it(self, tmp_path: Path) -> None:
        place(tmp_path)
        said = build(EXPRESSION[:-1] + ', trained_on=("chestxray14",))')
        assert said.card().training_data == ("chestxray14",)
        assert said.card().source == said.file.url
        assert said.card().licence == f"see {said.file.page}"
        assert said.identity() == build(EXPRESSION).identity()
