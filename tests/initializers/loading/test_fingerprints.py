"""The fast hash of weights: the same for the same tensors, another for any other."""

from __future__ import annotations

import pytest
import torch
import xxhash
from torch import Tensor

from initializers.loading.fingerprints import fingerprint


def test_a_fingerprint_is_the_hash_of_names_formats_shapes_and_bytes_in_order_of_names() -> None:
    tensors = {"b": torch.tensor([[1.0, 2.0]]), "a": torch.tensor(3)}
    written = b"a torch.int64 ()\n" + (3).to_bytes(8, "little") + b"b torch.float32 (1, 2)\n"
    written += bytes.fromhex("0000803f") + bytes.fromhex("00000040")
    assert fingerprint(tensors) == xxhash.xxh3_128_hexdigest(written)


@pytest.mark.parametrize(
    "other",
    [
        {"a": torch.tensor([1.0, 2.0]), "c": torch.tensor([3.0])},
        {"a": torch.tensor([1.0]), "b": torch.tensor([2.0, 3.0])},
        {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([3.0])},
        {"a": torch.tensor([1.0, 2.0]).double(), "b": torch.tensor([3.0])},
        {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([-3.0])},
    ],
)
def test_a_fingerprint_differs_where_any_name_shape_format_or_value_does(other: dict[str, Tensor]) -> None:
    assert fingerprint({"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3.0])}) != fingerprint(other)


def test_a_fingerprint_does_not_depend_on_memory_layout() -> None:
    tensor = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert fingerprint({"a": tensor}) == fingerprint({"a": tensor.to(memory_format=torch.channels_last)})
