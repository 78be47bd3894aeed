"""Initializers of other distributions, found by their entry points once pip has installed them."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

FOUND = """
import json, sys
from specs.registry import INITIALIZERS
entry = INITIALIZERS.entries["orthogonal"]
listed = "torch" not in sys.modules and "medtransfer_orthogonal" not in sys.modules
import torch
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.registry import BACKBONES
backbone = BACKBONES.build("tiny(width=8)")
report = initialize(backbone, build("orthogonal(gain=2)"), torch.Generator().manual_seed(0), None)
kernel = backbone.weights()["conv1.conv.weight"].flatten(1).double()
print(json.dumps({
    "entry": [entry.name, entry.description, entry.distribution],
    "listed_without_import": listed,
    "expression": report.initializer,
    "nested": str(INITIALIZERS.bind("mean_var(orthogonal)")),
    "gram_error": (kernel @ kernel.T - 4 * torch.eye(8)).abs().max().item(),
}))
"""

FAILS = """
import sys
from specs.errors import UsageError
from specs.registry import INITIALIZERS
try:
    INITIALIZERS.get(sys.argv[1])
except UsageError as error:
    print(error)
"""


def run(code: str, *arguments: str, plugins: Path) -> str:
    """Run code in a fresh interpreter that sees the plugins and the project."""
    path = os.pathsep.join((str(plugins), str(PROJECT)))
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=plugins, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip has installed the example plugin into."""
    missing = [tool for tool in ("pip", "setuptools") if importlib.util.find_spec(tool) is None]
    if missing:
        pytest.skip(f"installing a plugin needs {' and '.join(missing)} in this environment")
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(PROJECT / "tests" / "plugin_example", folder / "source")  # building writes beside the source
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "site"), "./source"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def test_an_installed_initializer_is_listed_built_and_loaded_like_our_own(installed: Path) -> None:
    found = json.loads(run(FOUND, plugins=installed))
    summary = "Orthogonal: random orthogonal convolutions (Saxe et al. 2014)."
    assert found["entry"] == ["orthogonal", summary, "medtransfer-orthogonal"]
    assert found["listed_without_import"]
    assert found["expression"] == "orthogonal(gain=2.0)"
    assert found["nested"] == 'mean_var(source=orthogonal(gain=1.0), draw="normal")'
    assert found["gram_error"] < 1e-5  # the rows of an orthogonal matrix times 2 have the Gram matrix 4 I


def test_an_unknown_name_lists_near_matches_among_plugins_too(installed: Path) -> None:
    assert run(FAILS, "ortogonal", plugins=installed) == 'unknown initializer "ortogonal". Did you mean "orthogonal"?\n'


def test_a_name_that_is_taken_is_an_error_that_names_both_distributions(tmp_path: Path) -> None:
    info = tmp_path / "medtransfer_clash-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: medtransfer-clash\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[medtransfer.initializers]\nrandom = clash:Random\n")
    message = run(FAILS, "random", plugins=tmp_path)
    assert '"random" is defined twice' in message
    assert "initializers.random (medtransfer)" in message and "clash (medtransfer-clash)" in message
