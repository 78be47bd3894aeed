"""Reading checkpoints: what people really have on their disks, and what they think is a checkpoint."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save, save_file
from torch import Tensor, nn

from initializers.formats.checkpoints import read_tensors
from initializers.formats.files import sha256_of
from initializers.formats.spellings import spelled, without_heads
from specs.errors import WeightsError


def small() -> dict[str, Tensor]:
    """Tensors of several formats, such as a network has."""
    generator = torch.Generator().manual_seed(0)
    return {
        "conv1.weight": torch.randn(4, 3, 3, 3, generator=generator),
        "bn1.running_var": torch.rand(4, generator=generator),
        "bn1.num_batches_tracked": torch.tensor(7),
    }


def torch_bytes(data: Any, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save(data, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return found.keys() == wanted.keys() and all(torch.equal(found[name], wanted[name]) for name in wanted)


WRITERS: dict[str, Callable[[dict[str, Tensor]], bytes]] = {
    "safetensors": save,
    "torch zip": torch_bytes,
    "torch legacy": lambda tensors: torch_bytes(tensors, legacy=True),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth", "weights"])
def test_every_format_is_read_under_any_file_name(
    write: Callable[[dict[str, Tensor]], bytes], name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(write(small()))
    assert same(read_tensors(tmp_path / name)[0], small())


@pytest.mark.parametrize(
    ("wrap", "place"),
    [
        (lambda tensors: tensors, "torch checkpoint"),
        (lambda tensors: OrderedDict(tensors), "torch checkpoint"),
        (lambda tensors: {"epoch": 3, "state_dict": tensors, "arch": "resnet50"}, 'entry "state_dict"'),
        (lambda tensors: {"model": tensors, "optimizer": {"state": {}}}, 'entry "model"'),
        (lambda tensors: {"model": {"state_dict": tensors}}, 'entry "model", entry "state_dict"'),
        (lambda tensors: {name: nn.Parameter(t) if t.is_floating_point() else t for name, t in tensors.items()}, ""),
    ],
)
def test_usual_containers_are_unwrapped_and_named(
    wrap: Callable[[dict[str, Tensor]], Any], place: str, tmp_path: Path
) -> None:
    torch.save(wrap(small()), tmp_path / "a.pth")
    tensors, found = read_tensors(tmp_path / "a.pth")
    assert same(tensors, small()) and place in found


def test_an_entry_can_be_named(tmp_path: Path) -> None:
    torch.save({"student": {"w": torch.zeros(1)}, "teacher": small()}, tmp_path / "a.pth")
    assert same(read_tensors(tmp_path / "a.pth", "teacher")[0], small())
    with pytest.raises(WeightsError, match='no entry "tutor"; it holds student, teacher'):
        read_tensors(tmp_path / "a.pth", "tutor")
    with pytest.raises(WeightsError, match=r"no named tensors but student, teacher.*key="):
        read_tensors(tmp_path / "a.pth")


# Refusals: one clear message that names the file, what it is and the remedy.


class Exploit:
    """Unpickling it makes a file."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_code_in_a_torch_file_is_refused_and_never_run(legacy: bool, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    data = {"state_dict": small(), "extra": Exploit(proof)}
    (tmp_path / "evil.pth").write_bytes(torch_bytes(data, legacy))
    with pytest.raises(WeightsError, match=r"evil\.pth holds (posix|nt)\.mkdir.*not read.*save_file"):
        read_tensors(tmp_path / "evil.pth")
    assert not proof.exists()
    torch.load(tmp_path / "evil.pth", weights_only=False)
    assert proof.exists(), "the file was harmless, so this test has shown nothing"


def test_code_in_a_plain_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Exploit(proof)))
    with pytest.raises(WeightsError, match=r"evil\.pkl is a plain Python pickle"):
        read_tensors(tmp_path / "evil.pkl")
    assert not proof.exists()
    pickle.loads((tmp_path / "evil.pkl").read_bytes())
    assert proof.exists(), "the file was harmless, so this test has shown nothing"


def zip_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def tar_of(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * b"4" + b"\nsize 12345\n"
FAKES = {
    "an empty file": (b"", "is empty"),
    "a web page": (b"\n<!DOCTYPE html><html><body>Quota exceeded</body></html>", "is a web page"),
    "an error document": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "is a web page"),
    "a Git LFS pointer": (LFS, "is a Git LFS pointer.*git lfs pull"),
    "a zip of pictures": (zip_of("a.png", "b.png"), r"is a zip archive of a\.png, b\.png.*[Uu]npack"),
    "a TorchScript program": (zip_of("m/data.pkl", "m/constants.pkl"), "is a TorchScript program"),
    "a tar": (tar_of("a.pth"), "is a tar or gzip archive; unpack"),
    "a gzip": (b"\x1f\x8b\x08\x00" + bytes(20), "is a tar or gzip archive; unpack"),
    "a text": (b"404: Not Found", "is of another kind.*404: Not Found"),
    "a picture": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100), "is of another kind.*JFIF"),
    "a list": (torch_bytes([1, 2]), "no named tensors but one list"),
    "numbers only": (torch_bytes({"epoch": 3}), "no named tensors but epoch"),
    "a bare tensor": (torch_bytes(torch.zeros(3)), "no named tensors but one Tensor"),
}


@pytest.mark.parametrize(("content", "message"), FAKES.values(), ids=FAKES.keys())
def test_what_is_no_checkpoint_is_refused_by_what_it_is(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=rf"weights\.pth .*{message}"):
        read_tensors(tmp_path / "weights.pth")


FULL = {name: write(small()) for name, write in WRITERS.items()}


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(FULL)), st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, kind: str, share: float) -> None:
    path = tmp_path_factory.mktemp("cut") / "cut.pth"
    path.write_bytes(FULL[kind][: int(share * len(FULL[kind]))])
    with pytest.raises(WeightsError, match=r"cut\.pth"):
        read_tensors(path)


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=120)
@given(st.sampled_from(sorted(FULL)), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_damaged_byte_never_gives_anything_but_tensors_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float, change: int
) -> None:
    content = bytearray(FULL[kind])
    content[int(share * len(content))] ^= change
    path = tmp_path_factory.mktemp("damaged") / "damaged.pth"
    path.write_bytes(content)
    try:
        tensors, _ = read_tensors(path)
    except WeightsError as error:
        assert "damaged.pth" in str(error)
    else:
        assert tensors and all(isinstance(tensor, Tensor) for tensor in tensors.values())


def test_a_mistyped_path_lists_the_near_matches(tmp_path: Path) -> None:
    save_file(small(), tmp_path / "resnet50_moco.safetensors")
    with pytest.raises(WeightsError, match=r"no weight file .*Did you mean resnet50_moco\.safetensors\?"):
        read_tensors(tmp_path / "resnet50_moko.safetensors")
    with pytest.raises(WeightsError, match=r"no weight file .*Check the path"):
        read_tensors(tmp_path / "nowhere" / "a.pth")
    with pytest.raises(WeightsError, match="is a folder"):
        read_tensors(tmp_path)


# Prefixes and heads

NAMES = ("conv1.weight", "layer1.0.encoder.weight", "bn1.bias")


def named(*names: str) -> dict[str, Tensor]:
    return {name: torch.tensor(float(number)) for number, name in enumerate(names)}


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "module.",
        "encoder.",
        "encoder_q.",
        "backbone.",
        "model.",
        "network.",
        "module.encoder_q.",
        "model.backbone.",
    ],
)
def test_a_known_prefix_is_stripped_at_the_start_of_names_only(prefix: str) -> None:
    stripped, found, _ = spelled(named(*(prefix + name for name in NAMES)), NAMES, None)
    assert (tuple(stripped), found) == (NAMES, prefix)


def test_a_prefix_that_belongs_to_the_backbones_own_names_stays() -> None:
    own = ("encoder.conv1.weight", "encoder.bn1.bias")
    stripped, found, _ = spelled(named(*("module." + name for name in own)), own, None)
    assert (tuple(stripped), found) == (own, "module.")


def test_the_prefix_that_fits_the_backbone_is_taken_among_several_networks_in_a_file() -> None:
    file = named(*("module.encoder_k." + name for name in NAMES), *("module.encoder_q." + name for name in NAMES))
    stripped, found, _ = spelled(file, NAMES, None)
    assert found == "module.encoder_q." and stripped["conv1.weight"] == file["module.encoder_q.conv1.weight"]
    stripped, _, _ = spelled(file, NAMES, "module.encoder_k.")
    assert stripped["conv1.weight"] == file["module.encoder_k.conv1.weight"]


def test_of_prefixes_that_fit_alike_the_shortest_is_taken() -> None:
    stripped, found, _ = spelled(named("encoder.conv1.weight", "module.encoder.bn1.bias"), NAMES, None)
    assert (found, tuple(stripped)) == ("encoder.", ("conv1.weight", "module.encoder.bn1.bias"))


def test_a_declared_prefix_that_is_not_there_is_refused() -> None:
    with pytest.raises(WeightsError, match=r'no tensor begins with the prefix "teacher\.".*conv1\.weight'):
        spelled(named(*NAMES), NAMES, "teacher.")


def test_two_tensors_that_would_get_one_name_are_refused() -> None:
    with pytest.raises(WeightsError, match=r'with and without the prefix "module\.", such as conv1\.weight'):
        spelled(named("conv1.weight", *("module." + name for name in NAMES)), NAMES, None)


def test_heads_are_dropped_by_known_and_by_declared_names() -> None:
    file = named(*NAMES, "fc.weight", "head.0.bias", "projector.weight", "fcn.weight")
    kept, dropped = without_heads(file, NAMES, ("projector.",))
    assert tuple(kept) == (*NAMES, "fcn.weight")
    assert dropped == ("fc.weight", "head.0.bias", "projector.weight")


def test_a_name_of_the_backbone_is_never_dropped() -> None:
    kept, dropped = without_heads(named("fc.weight", "conv1.weight"), ("fc.weight", "conv1.weight"), ("conv1.",))
    assert (tuple(kept), dropped) == (("fc.weight", "conv1.weight"), ())


def test_a_hash_is_of_the_bytes_that_are_there_now(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(b"")
    assert sha256_of(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(WeightsError, match="no weight file"):
        sha256_of(tmp_path / "b")


def test_a_hash_is_taken_again_if_either_size_or_time_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abd")
    first = sha256_of(path)
    before = path.stat()
    path.write_bytes(b"abcd")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert sha256_of(path) == hashlib.sha256(b"abcd").hexdigest()
    path.write_bytes(b"abc")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert sha256_of(path) == hashlib.sha256(b"abc").hexdigest() != first


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ({}, "It holds no weights that have names: export the state dict"),
        ({"state_dict": {}}, "It holds no weights that have names"),
        ([torch.zeros(2)], "It holds no weights that have names"),
        ({"state": {}, "param_groups": []}, "That is the state of an optimizer. Name the file with the network"),
        ({"a": {"w": torch.zeros(2)}, "b": {"w": torch.ones(2)}}, "Name the entry that has them"),
    ],
)
def test_what_has_no_named_tensors_gets_a_remedy_that_helps(content: object, remedy: str, tmp_path: Path) -> None:
    """An entry cannot be named where there is none."""
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=f"holds no named tensors but .*{re.escape(remedy)}"):
        read_tensors(tmp_path / "a.pth")
