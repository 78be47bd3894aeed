"""BYOL: predicting one view's features from another's, 1000 epochs (Grill et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from initializers.loading.contract import Weights
from initializers.publishing.publishing import Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card
from specs.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

PARTS = {
    "w": "weight",
    "scale": "weight",
    "offset": "bias",
    "mean_ema/average": "running_mean",
    "var_ema/average": "running_var",
}
"""The names of a layer's tensors in Haiku, with torch's names."""


@dataclass(frozen=True)
class Byol(Published):
    """The online network of the authors' pickle, which is read without JAX, Haiku or dill."""

    @property
    def program(self) -> Literal["torch", "TensorFlow", "pickle"]:
        """The program that wrote the file."""
        return "pickle"

    @property
    def file(self) -> PublishedFile:
        """The authors' pickle, 570 MB."""
        return PublishedFile(
            name="pretrain_res50x1.pkl",
            page="https://github.com/google-deepmind/deepmind-research/tree/master/byol",
            url="https://storage.googleapis.com/deepmind-byol/checkpoints/pretrain_res50x1.pkl",
        )

    def convert(self, path: Path) -> Weights:
        """The online encoder under torchvision's names, with kernels turned from (h, w, in, out) to (out, in, h, w).

        Raises:
            WeightsError: if the pickle is damaged or holds no such encoder.
        """
        import torch

        from initializers.formats.inert_pickle import arrays_in, read_inert

        content = read_inert(path)
        state = content.get("experiment_state") if isinstance(content, dict) else None
        if state is None:
            raise WeightsError(
                f"{path} has no entry experiment_state, which the authors' file has. It is another file; theirs is on "
                f"{self.file.page}."
            )
        tensors: dict[str, Tensor] = {}
        dropped: list[str] = []
        for keys, array in arrays_in(state):
            name = torchvision_name("/".join(keys))
            # The online network comes before the target network, whose names are the same.
            if name is None or name in tensors:
                dropped.append("/".join(keys))
                continue
            values = torch.from_numpy(array.copy())
            tensors[name] = (
                values.permute(3, 2, 0, 1) if name.endswith("weight") and _is_kernel(keys) else values.flatten()
            )
        return self.checked(Weights(tensors, dropped=tuple(dropped), source=f"{path.name} (online network)"))

    def card(self) -> Card:
        """The card of weights that were trained on ImageNet without labels."""
        return Card(
            method="BYOL",
            source=self.file.url,
            licence="Apache-2.0",
            paper="Grill et al. 2020, https://arxiv.org/abs/2006.07733",
            training_data=("imagenet",),
            normalization=IMAGENET,
            warnings=(
                "trained with convolutions and pooling padded as TensorFlow's SAME: more at the far edges where a "
                "layer has a stride",
            ),
        )


def _is_kernel(keys: tuple[str, ...]) -> bool:
    return keys[-1] == "w"


def torchvision_name(path: str) -> str | None:
    """The torchvision name of a tensor of Haiku's ResNet-50 encoder; None for a tensor that is no part of the encoder.

    Args:
        path: the tensor's path in Haiku, such as ``.../res_net50/~/block_group_0/~/block_1/~/conv_2/w``.
    """
    match = re.search(
        r"res_net50/~/(?:block_group_(\d)/~/block_(\d+)/~/)?(\w+?)(?:/~)?/(w|scale|offset|mean_ema/average|var_ema/average)$",
        path,
    )
    if match is None:
        return None
    group, block, layer, part = match.groups()
    if group is None:
        names = {"initial_conv": "conv1", "initial_batchnorm": "bn1", "initial_batchnorm_1": "bn1"}
        module = names.get(layer)
    else:
        shortcut = {"shortcut_conv": "downsample.0", "shortcut_batchnorm": "downsample.1"}.get(layer)
        numbered = re.fullmatch(r"(conv|batchnorm)_(\d)", layer)
        own = f"{'conv' if numbered[1] == 'conv' else 'bn'}{int(numbered[2]) + 1}" if numbered else None
        module = f"layer{int(group) + 1}.{block}.{shortcut or own}" if shortcut or own else None
    return f"{module}.{PARTS[part]}" if module else None
