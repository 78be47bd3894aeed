"""MAE: a transformer that sees a quarter of an image's patches learns by telling the pixels of the others."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from backbones.networks.transformer import PlainTransformer
from lightning_modules.losses import full
from lightning_modules.self_supervision.learner import Encoder, Learner
from lightning_modules.self_supervision.patches import PatchDecoder, patches_of
from specs.errors import UsageError

LEAST = 1e-6
"""What is added to the variance of a patch's pixels (https://github.com/facebookresearch/mae, models_mae.py)."""


class MaeLearner(Learner):
    """A masked autoencoder (He et al. 2022, https://github.com/facebookresearch/mae, models_mae.py).

    The network encodes the class token and the visible patches of each image, drawn anew each time; a decoder, which is
    not kept, tells the pixels of the hidden ones. There is no head: the embeddings whose spread is logged are the
    network's pooled features of whole images. Nothing centers these, so their standard deviation is small, and their
    effective rank, which is that of centered ones, tells whether they differ. Of the network, ``compiled`` compiles
    only what validation uses, since training does not pass through its pooled features.

    Args:
        backbone: the backbone that is pretrained, a plain vision transformer.
        width: the length of a token within the decoder.
        depth: the number of the decoder's blocks.
        heads: the number of attention heads of the decoder's blocks.
        masked: the share of the patches that are hidden, in (0, 1).
        normalized: whether each patch's pixels are brought to mean 0 and variance 1 before they are told.

    Raises:
        UsageError: if the backbone is no plain vision transformer, the decoder's sizes do not fit each other, or no
            patch would be visible or none hidden.
    """

    def __init__(self, backbone: Backbone, width: int, depth: int, heads: int, masked: float, normalized: bool) -> None:
        super().__init__(Encoder(backbone, nn.Identity()))
        transformer = self.transformer
        if min(width, depth, heads) < 1 or width % 4 or width % heads:
            raise UsageError(
                f"mae: the decoder's width must be a multiple of 4 and of its heads, and its depth at least 1; found "
                f"width={width}, depth={depth}, heads={heads}. Give others, such as width=512, depth=8, heads=16."
            )
        rows, columns = transformer.grid
        self.visible = int(rows * columns * (1 - masked))
        if not 0 < self.visible < rows * columns:
            raise UsageError(
                f"mae: with masked={masked:g}, {self.visible} of the {rows * columns} patches are visible, where at "
                "least one must be and at least one must not. Give another share, or the network smaller patches."
            )
        height, wide = transformer.patch_size
        pixels = height * wide * backbone.in_channels
        self.decoder = PatchDecoder(
            backbone.num_features, width, depth, heads, transformer.grid, transformer.prefixes, pixels
        )
        self.normalized = normalized

    @property
    def transformer(self) -> PlainTransformer:
        """The inside of the network that is pretrained."""
        return PlainTransformer(self.backbone, "mae")

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The mean squared error of the pixels of hidden patches.

        Raises:
            UsageError: if the images are of another size than the network was built for.
        """
        (images,) = views
        transformer = self.transformer
        if tuple(images.shape[2:]) != transformer.image_size:
            height, width = transformer.image_size
            raise UsageError(
                f"mae: the network was built for images of {height} x {width} pixels, found views of "
                f"{images.shape[2]} x {images.shape[3]}. Build it with image_size={images.shape[2]}."
            )
        prefix, patches = transformer.tokens(images)
        order = torch.rand(*patches.shape[:2], device=images.device).argsort(dim=1)
        kept = order[:, : self.visible, None].expand(-1, -1, patches.shape[2])
        encoded = transformer.encoded(torch.cat([prefix, patches.gather(1, kept)], dim=1))
        told = full(self.decoder(encoded, order))
        wanted = targets(patches_of(images, *transformer.patch_size), self.normalized)
        return masked_error(told, wanted, order[:, self.visible :])


def targets(pixels: Tensor, normalized: bool) -> Tensor:
    """What shall be told of patches (B, L, P): their pixels.

    Args:
        pixels: the normalized pixels of each patch, (B, L, P).
        normalized: whether each patch is brought to mean 0 and variance 1 (He et al. 2022, section 3, "Reconstruction
            target"); the variance is the unbiased one, as in the authors' code.
    """
    if not normalized:
        return pixels
    variance, mean = torch.var_mean(pixels, dim=2, keepdim=True)
    return (pixels - mean) / torch.sqrt(variance + LEAST)


def masked_error(told: Tensor, wanted: Tensor, hidden: Tensor) -> Tensor:
    """The mean squared error over the pixels of hidden patches alone (He et al. 2022, section 3).

    Args:
        told: the pixels that were told of all patches, (B, L, P).
        wanted: the true ones, (B, L, P).
        hidden: the numbers of the hidden patches of each image, (B, M).
    """
    errors = (told - wanted).square().mean(dim=2)
    return errors.gather(1, hidden).mean()
