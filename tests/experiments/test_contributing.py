"""The examples of CONTRIBUTING.md are what they say: an initializer, a network, a measure and a block."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from backbones.networks.contract import Backbone
from experiments.reporting.formats.json_format import to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.run.paths import Paths
from experiments.run.store import Record
from initializers.loading.loading import initialize
from specs.registry import BACKBONES, BLOCKS, Entry
from tests.conftest import PROJECT
from tests.experiments.example_table import document, lines, terminal
from tests.initializers.contract import no_runs, seeded

EXAMPLES: dict[str, str] = dict(
    re.findall(
        r"```python\n# (\S+\.py)\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
    )
)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    """The module that an example of a name is."""
    path = tmp_path / Path(request.param).name
    path.write_text(EXAMPLES[request.param], encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_each_example_names_a_file_that_is_not_there_yet() -> None:
    assert {str(Path(path).parent) for path in EXAMPLES} == {
        "initializers", "backbones", "experiments/measures", "experiments/reporting/blocks",
    }  # fmt: skip
    assert not [path for path in EXAMPLES if (PROJECT / path).exists()]
    assert all((PROJECT / path).parent.is_dir() for path in EXAMPLES)


@pytest.mark.parametrize("example", ["initializers/orthogonal.py"], indirect=True)
def test_the_initializer_draws_orthogonal_kernels(example: ModuleType) -> None:
    backbone: Backbone = BACKBONES.build("tiny(width=4)")
    initialize(backbone, example.Orthogonal(), seeded(0), no_runs)
    kernel = next(iter(backbone.weights().values())).flatten(1).double()
    assert torch.allclose(kernel @ kernel.T, torch.eye(len(kernel), dtype=torch.float64), atol=1e-5)


@pytest.mark.parametrize("example", ["backbones/tiny_wide.py"], indirect=True)
def test_the_network_has_the_stages_that_it_states(example: ModuleType) -> None:
    backbone = example.tiny_wide(in_channels=1)
    assert [stage.channels for stage in backbone.stages] == [32, 64, 128, 256]
    assert backbone(torch.zeros(2, 1, 32, 32)).shape == (2, backbone.num_features)


@pytest.mark.parametrize("example", ["experiments/measures/size.py"], indirect=True)
def test_the_measure_counts_the_parameters_of_each_stage(example: ModuleType, record: Record, where: Paths) -> None:
    found = example.sizes(record, where)
    network = BACKBONES.build("tiny(width=4)").network
    assert sum(found.values()) == sum(parameter.numel() for parameter in network.parameters())
    assert example.size().unit == "parameters"


@pytest.mark.parametrize("example", ["experiments/reporting/blocks/longest_run.py"], indirect=True)
def test_the_block_tells_the_longest_run_of_each_row_in_every_format(
    example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entry("longest_run", "", example.__name__, "longest_run", "medtransfer")
    monkeypatch.setattr(BLOCKS, "entries", BLOCKS.entries | {"longest_run": entry})
    made = document()
    assert lines(made, "longest_run")[1:] == [("random", "1.5")]
    page = render("A report", [Illustrated(made)])
    for text in (terminal(made), to_markdown(made), to_latex(made), to_json(made), page):
        assert "econds" in text
        assert "1.5" in text
