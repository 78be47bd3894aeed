"""The weight store: what it holds, takes in, refuses and converts once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import torch

from initializers.loading.contract import Weights
from initializers.loading.fingerprints import fingerprint
from initializers.publishing import fetching
from initializers.publishing.store import PublishedFile, WeightStore
from initializers.publishing.variable import VARIABLE
from specs.errors import WeightsError

CONTENT = b"what the publishers publish"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = PublishedFile("a.pth", "https://example.org/page", "https://example.org/a.pth", f"sha256:{SHA256[:8]}")


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "store")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    path = tmp_path / "mine.pth"
    path.write_bytes(CONTENT)
    return path


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for value, folder in (("elsewhere", tmp_path / "elsewhere"), ("", tmp_path / "weights")):
        monkeypatch.setenv(VARIABLE, value)
        assert WeightStore.current().folder == folder


def test_a_file_is_copied_under_its_published_name_and_known_by_its_hash(store: WeightStore, origin: Path) -> None:
    assert not store.holds(FILE)
    assert store.add(FILE, origin) == SHA256
    assert store.holds(FILE)
    assert (store.path(FILE), store.path(FILE).read_bytes()) == (store.folder / "a.pth", CONTENT)
    assert store.add(FILE, origin) == store.sha256(FILE) == store.verify(FILE) == SHA256
    origin.write_bytes(b"another")
    with pytest.raises(WeightsError, match=r"holds another a\.pth"):
        store.add(FILE, origin)


def test_what_is_not_the_publishers_file_leaves_nothing(store: WeightStore, origin: Path) -> None:
    origin.write_bytes(b"another")
    with pytest.raises(WeightsError, match=f"its publishers' begins with {SHA256[:8]}"):
        store.add(FILE, origin)
    assert not store.holds(FILE)
    md5 = PublishedFile("b.pth", "", digest=f"md5:{hashlib.md5(b'another').hexdigest()[:6]}")
    assert store.add(md5, origin) == hashlib.sha256(b"another").hexdigest()


def test_a_file_is_fetched_where_it_is_not_there(
    store: WeightStore, monkeypatch: pytest.MonkeyPatch, origin: Path
) -> None:
    asked = list[tuple[str, Path]]()

    def fetch(url: str, target: Path, report: object) -> None:
        asked.append((url, target))
        target.parent.mkdir(parents=True)
        target.write_bytes(CONTENT)

    monkeypatch.setattr(fetching, "fetch", fetch)
    for _ in range(2):
        assert store.fetch(FILE, lambda done, total: None) == SHA256
    assert asked == [("https://example.org/a.pth", store.folder / "a.pth")]
    by_hand = PublishedFile("b.pth", "https://example.org/page", member="in/b.pth")
    with pytest.raises(WeightsError, match=r"by hand from https://example\.org/page .*It is in/b\.pth"):
        store.fetch(by_hand, lambda done, total: None)
    store.path(FILE).unlink()
    monkeypatch.setattr(fetching, "fetch", lambda url, target, report: target.write_bytes(b"another"))
    with pytest.raises(WeightsError, match="its bytes changed"):
        store.fetch(FILE, lambda done, total: None)
    assert not store.holds(FILE)


def test_a_change_of_time_has_the_bytes_read_again_and_a_verification_always(store: WeightStore, origin: Path) -> None:
    store.add(FILE, origin)
    path = store.path(FILE)
    status = path.stat()
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert store.sha256(FILE) == SHA256  # not looked at
    with pytest.raises(WeightsError, match="its bytes changed"):
        store.verify(FILE)
    path.write_bytes(CONTENT)
    os.utime(path, ns=(1, 1))
    assert store.sha256(FILE) == SHA256
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(2, 2))
    with pytest.raises(WeightsError, match="its bytes changed"):
        store.sha256(FILE)


def test_a_file_is_converted_once_and_the_rest_is_told_each_time(store: WeightStore, origin: Path) -> None:
    store.add(FILE, origin)
    made = Weights({"w": torch.arange(6.0).view(2, 3).T}, {"w": "turned"}, ("fc.bias",), source="a.pth (a test)")
    converted = list[Path]()

    def convert(path: Path) -> Weights:
        converted.append(path)
        return made

    for _ in range(2):
        found = store.converted(FILE, convert)
        assert torch.equal(found.tensors["w"], made.tensors["w"])
        assert (found.transformed, found.dropped, found.source) == (made.transformed, made.dropped, made.source)
        assert (found.sha256, found.fingerprint, found.drawn) == (SHA256, fingerprint(made.tensors), ())
    assert converted == [store.path(FILE)]
    (target,) = (store.folder / "converted").glob("*.safetensors")
    target.write_bytes(target.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match="is damaged"):
        store.converted(FILE, convert)


@pytest.mark.parametrize("text", ["{", "[]", '{"size": 1, "sha256": "x"}'])
def test_a_record_that_is_none_is_told(text: str, store: WeightStore, origin: Path) -> None:
    store.add(FILE, origin)
    (store.folder / "records" / "a.pth.json").write_text(text)
    with pytest.raises(WeightsError, match="is not a record of the weight store"):
        store.sha256(FILE)
