"""Grad-CAM: which parts of an image raise a network's output for a class (Selvaraju et al. 2017, section 3).

The maps are not cut at 0 but shifted so that their minimum is 0, as the heatmaps of ChestX-ray14's paper are (Wang et
al. 2017, https://arxiv.org/abs/1705.02315). A network that learned rare findings gives all of them low probabilities,
and a map that is cut at 0 would often be empty.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from lightning_modules.supervised import SupervisedModule
from specs.errors import UsageError


def grad_cam(module: SupervisedModule, images: Tensor, classes: Tensor) -> NDArray[np.float32]:
    """The Grad-CAM map of each image for one class.

    Args:
        module: a network with a classifier.
        images: the pixels, uint8 of shape (N, C, H, W).
        classes: the index of the class that each map is for, int64 of shape (N,).

    Returns:
        The maps, of shape (N, H, W), with 0 as the least value of each map.

    Raises:
        UsageError: if the last stage of the network has no feature map.
    """
    from captum.attr import LayerAttribution, LayerGradCam

    explained = LayerGradCam(module, _last_map(module, images[:1]))
    found = explained.attribute(images, target=classes)
    size = (images.shape[2], images.shape[3])
    maps = LayerAttribution.interpolate(found, size, interpolate_mode="bilinear").detach()
    return np.asarray((maps - maps.amin(dim=(2, 3), keepdim=True))[:, 0].cpu().numpy(), dtype=np.float32)


@torch.no_grad()
def _last_map(module: SupervisedModule, image: Tensor) -> nn.Module:
    """The outermost module of the backbone whose output is the feature map of the last stage."""
    backbone: Backbone = module.backbone
    wanted = backbone.features(module.normalize(image))[-1]
    found: list[nn.Module] = []

    def hook(one: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.shape == wanted.shape and torch.equal(output, wanted):
            found.append(one)

    hooks = [one.register_forward_hook(hook) for one in backbone.network.modules()]
    try:
        module(image)
    finally:
        for handle in hooks:
            handle.remove()
    if not found:
        raise UsageError(
            f"no module of {type(backbone.network).__name__} gives the feature map of its last stage, "
            f"{backbone.stages[-1].name}. Grad-CAM is for convolutional networks; take one of them, such as resnet50."
        )
    return found[-1]
