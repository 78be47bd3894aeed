"""Plugins in a run's identity: a hash of all sources of their packages, and nothing where all entries are our own."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.checks.verification import verify
from experiments.run.resolve import Resolver
from experiments.run.runner import run
from specs import plugins
from specs.errors import UsageError
from specs.plugins import plugin_of, plugins_of
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.run import RunSpec
from tests.conftest import PROJECT
from tests.experiments.smoke import paths_in, spec

WEIGHTS = """
from dataclasses import dataclass
from initializers.loading.contract import Initializer, Weights
from specs.card import Card
from their_package.inside.helper import factor

@dataclass(frozen=True)
class Theirs(Initializer):
    def card(self):
        return Card(method="random")

    def state_dict(self, backbone, generator, weights_of):
        tensors = {name: factor() * tensor for name, tensor in backbone.draw(generator).items()}
        return Weights(tensors, drawn=tuple(tensors))
"""

HELPER = "def factor():\n    return 1\n"


def forgotten() -> None:
    """What this process has read of plugins, as in a new process."""
    INITIALIZERS.__dict__.pop("entries", None)
    plugins._plugin.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("their_package", "medtransfer_orthogonal")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def forgetting() -> Iterator[None]:
    """Each test begins and ends as a new process; it is set up first, so it ends last."""
    forgotten()
    yield
    forgotten()


def install(site: Path, entry_point: str) -> None:
    """Write what pip writes of a distribution with one initializer."""
    info = site / "their_weights-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-weights\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(f"[medtransfer.initializers]\n{entry_point}\n")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installed package of another distribution, with the initializer ``theirs`` and a helper that it imports."""
    site = tmp_path / "site"
    install(site, "theirs = their_package.weights:Theirs")
    folder = site / "their_package"
    (folder / "inside").mkdir(parents=True)
    for name, text in (("__init__", ""), ("weights", WEIGHTS), ("inside/__init__", ""), ("inside/helper", HELPER)):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(site)
    return folder


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Resolver:
    """Draws and opens the dataset of the specs once."""
    return Resolver(paths_in(tmp_path_factory.mktemp("resolved")))


def key(made: RunSpec, resolver: Resolver) -> str:
    """The key that a new process finds."""
    forgotten()
    return resolver.resolve(made).key


@pytest.mark.parametrize("initializer", ["theirs", "mean_var(theirs)", 'transfuse(mean_var(theirs), "layer1")'])
def test_a_run_with_an_entry_of_another_distribution_names_it_and_hashes_its_sources(
    initializer: str, package: Path, resolver: Resolver
) -> None:
    made = spec(initializer)
    (plugin,) = plugins_of(made)
    assert (plugin.distribution, plugin.version) == ("their-weights", "1.5")
    assert resolver.resolve(made).identity["plugins"] == {"their-weights": plugin.sha256}
    assert plugin == plugin_of(INITIALIZERS, "theirs")


def test_a_run_of_our_own_entries_has_no_plugins_whatever_is_installed(package: Path, resolver: Resolver) -> None:
    assert "theirs" in INITIALIZERS.entries
    made = spec("mean_var(fractals)")
    assert plugins_of(made) == ()
    assert "plugins" not in resolver.resolve(made).identity
    for registry, name in ((INITIALIZERS, "random"), (BACKBONES, "tiny"), (DATASETS, "drive")):
        assert plugin_of(registry, name) is None


def test_a_changed_line_of_a_helper_changes_the_key_of_runs_with_the_plugin_alone(
    package: Path, resolver: Resolver
) -> None:
    before, ours = key(spec("theirs"), resolver), key(spec("random"), resolver)
    helper = package / "inside" / "helper.py"
    helper.write_text(HELPER.replace("return 1", "return 2"))
    assert key(spec("theirs"), resolver) != before
    assert key(spec("random"), resolver) == ours
    helper.write_text(HELPER)
    assert key(spec("theirs"), resolver) == before


def test_a_module_that_is_new_or_has_another_name_changes_the_key(package: Path, resolver: Resolver) -> None:
    before = key(spec("theirs"), resolver)
    more = package / "more.py"
    more.write_text("")
    added = key(spec("theirs"), resolver)
    more.rename(package / "other.py")
    assert len({before, added, key(spec("theirs"), resolver)}) == 3


def test_what_is_no_source_leaves_the_key(package: Path, resolver: Resolver) -> None:
    before = key(spec("theirs"), resolver)
    (package / "README.md").write_text("Theirs.")
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "weights.cpython-399.pyc").write_bytes(b"compiled")
    assert key(spec("theirs"), resolver) == before


def test_the_same_package_in_another_folder_gives_the_same_key(
    package: Path, resolver: Resolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key(spec("theirs"), resolver)
    shutil.move(package.parent, tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    assert key(spec("theirs"), resolver) == before


def test_a_plugin_of_a_single_module_is_hashed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "orthogonal = medtransfer_orthogonal:Orthogonal")
    module = shutil.copy(PROJECT / "tests" / "plugin_example" / "medtransfer_orthogonal.py", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = plugin_of(INITIALIZERS, "orthogonal")
    Path(module).write_text(Path(module).read_text().replace("gain: float = 1.0", "gain: float = 2.0"))
    forgotten()
    assert before is not None
    assert plugin_of(INITIALIZERS, "orthogonal") not in (before, None)


def test_a_plugin_whose_sources_are_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "theirs = their_package.weights:Theirs")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=r"the sources of their_package, .* their-weights brings, cannot be found"):
        plugin_of(INITIALIZERS, "theirs")


def test_the_record_names_the_plugin_and_verification_says_that_it_has_changed(
    package: Path, resolver: Resolver
) -> None:
    made = spec("theirs")
    made = dataclasses.replace(made, recipe=made.recipe.override({"epochs": "1"}))
    record = run(made, resolver.paths)
    (plugin,) = plugins_of(made)
    assert record.data["plugins"] == [
        {"distribution": "their-weights", "version": "1.5", "sha256": plugin.sha256},
    ]
    assert verify(record.data["key"], resolver.paths).differences == []
    (package / "inside" / "helper.py").write_text("def factor():\n    return 1  # another line\n")
    forgotten()
    differences = {one.what: one.remedy for one in verify(record.data["key"], resolver.paths).differences}
    assert "install the version that the record names" in differences["plugins"]
