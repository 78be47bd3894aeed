"""The methods' defaults and published recipes against the papers' and their codes' values, written here."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

from experiments.run.recipes import recipe_named
from lightning_modules.self_supervision.learner import Learner
from specs.expression import Call
from specs.recipe import Recipe
from specs.recipe_parts import (
    SGD,
    AdamW,
    ColorJitter,
    Cosine,
    GaussianBlur,
    Grayscale,
    HorizontalFlip,
    Larc,
    Lars,
    MultiStep,
    RandomResizedCrop,
    Solarize,
)
from specs.registry import BACKBONES, METHODS

IMAGENET = 1281167

DEFAULTS: dict[str, dict[str, Any]] = {
    # Wu et al. 2018, sections 3.1 and 4.1; https://github.com/zhirongw/lemniscate.pytorch, main.py: nce-m.
    "insdis": {"dimensions": 128, "negatives": 4096, "temperature": 0.07, "momentum": 0.5},
    # He et al. 2020, sections 3.3 and 4.1: 8 GPUs.
    "moco_v1": {"dimensions": 128, "queue": 65536, "momentum": 0.999, "temperature": 0.07, "groups": 8},
    # Chen et al. 2020 (MoCo-v2), section 3 and table 1.
    "moco_v2": {
        "dimensions": 128, "hidden": 2048, "queue": 65536, "momentum": 0.999, "temperature": 0.2, "groups": 8,
    },
    # Chen et al. 2020, section 4.2 and appendix B.9.
    "simclr_v1": {"head": (2048, 128), "temperature": 0.1},
    # Chen et al. 2020 (v2), section 2; https://github.com/google-research/simclr, run.py: num_proj_layers.
    "simclr_v2": {"head": (2048, 2048, 128), "temperature": 0.1},
    # Grill et al. 2020, section 3.2; byol/configs/byol.py.
    "byol": {"dimensions": 256, "hidden": 4096, "momentum": 0.996},
    # Misra and van der Maaten 2020, section 3.2; VISSL's pirl_jigsaw_4node_resnet50.yaml, patches of 85 - 21 pixels.
    "pirl": {
        "dimensions": 128, "negatives": 32000, "temperature": 0.07, "momentum": 0.5, "jigsaw": 0.5, "patch": 64,
    },
    # https://github.com/facebookresearch/swav, scripts/deepclusterv2_800ep_pretrain.sh and main_deepclusterv2.py.
    "deepcluster_v2": {
        "dimensions": 128, "hidden": 2048, "prototypes": (3000, 3000, 3000), "temperature": 0.1, "iterations": 10,
    },
    # Caron et al. 2020, appendix; entropy and iterations are assumed.
    "sela_v2": {
        "dimensions": 128, "hidden": 2048, "prototypes": (3000, 3000, 3000), "temperature": 0.1, "epsilon": 0.05,
        "iterations": 10,
    },
    # scripts/swav_800ep_pretrain.sh.
    "swav": {
        "dimensions": 128, "hidden": 2048, "prototypes": 3000, "temperature": 0.1, "epsilon": 0.05, "iterations": 3,
        "frozen": 313,
    },
    # Li et al. 2021, section 4.1; https://github.com/salesforce/PCL, main_pcl.py: pcl-r, warmup-epoch, niter, nredo.
    "pcl_v1": {
        "dimensions": 128, "queue": 16384, "momentum": 0.999, "temperature": 0.1, "groups": 8,
        "clusters": (25000, 50000, 100000), "negatives": 16384, "warmup": 20, "iterations": 20, "restarts": 5,
    },
    # The same, README.md: --temperature 0.2 --mlp.
    "pcl_v2": {
        "dimensions": 128, "hidden": 2048, "queue": 16384, "momentum": 0.999, "temperature": 0.2, "groups": 8,
        "clusters": (25000, 50000, 100000), "negatives": 16384, "warmup": 20, "iterations": 20, "restarts": 5,
    },
    # https://github.com/HobbitLong/PyContrast, base_options.py, train_options.py (beta), datasets/util.py (JigsawCrop).
    "infomin": {
        "dimensions": 128, "hidden": 2048, "queue": 65536, "momentum": 0.999, "temperature": 0.15, "groups": 8,
        "jigsaw": 0.5, "patch": 64,
    },
    # https://github.com/facebookresearch/barlowtwins, main.py: projector and lambd.
    "barlow_twins": {"head": (8192, 8192, 8192), "off_diagonal": 0.0051},
    # Chen and He 2021, section 3; https://github.com/facebookresearch/simsiam, main_simsiam.py: --fix-pred-lr.
    "simsiam": {"dimensions": 2048, "hidden": 512, "steady": True},
    # Bardes et al. 2022, section 4.2; https://github.com/facebookresearch/vicreg, main_vicreg.py.
    "vicreg": {"head": (8192, 8192, 8192), "invariance": 25.0, "variance": 25.0, "covariance": 1.0},
    # https://github.com/facebookresearch/dino, main_dino.py, DINOLoss, and vision_transformer.py, DINOHead.
    "dino": {
        "dimensions": 256, "hidden": 2048, "outputs": 65536, "momentum": 0.996, "temperature": 0.1,
        "first_temperature": 0.04, "last_temperature": 0.04, "warmup": 0, "center_momentum": 0.9, "frozen": 1,
        "clip": 3.0,
    },
    # https://github.com/facebookresearch/mae, models_mae.py, dec512d8b, and PRETRAIN.md.
    "mae": {"width": 512, "depth": 8, "heads": 16, "masked": 0.75, "normalized": True},
}  # fmt: skip

# Layers as (features in, features out, bias), normalizations as (features, scale, shift).
HEADS: dict[str, list[tuple[int | bool, ...] | str]] = {
    "insdis": [(2048, 128, True)],
    "moco_v1": [(2048, 128, True)],
    "moco_v2": [(2048, 2048, True), "relu", (2048, 128, True)],
    # resnet.batch_norm_relu without ``center`` after the last layer.
    "simclr_v1": [(2048, 2048, False), (True, True), "relu", (2048, 128, False), (True, False)],
    "simclr_v2": [
        (2048, 2048, False), (True, True), "relu", (2048, 2048, False), (True, True), "relu", (2048, 128, False),
        (True, False),
    ],
    # byol/utils/networks.py, MLP: no bias in the last layer (that of the first is lost in its normalization).
    "byol": [(2048, 4096, False), (True, True), "relu", (4096, 256, False)],
    "pirl": [(2048, 128, True)],
    # src/resnet50.py, projection_head.
    "deepcluster_v2": [(2048, 2048, False), (True, True), "relu", (2048, 128, True)],
    "sela_v2": [(2048, 2048, False), (True, True), "relu", (2048, 128, True)],
    "swav": [(2048, 2048, False), (True, True), "relu", (2048, 128, True)],
    "pcl_v1": [(2048, 128, True)],
    "pcl_v2": [(2048, 2048, True), "relu", (2048, 128, True)],
    "infomin": [(2048, 2048, True), "relu", (2048, 128, True)],
    # main.py: sizes, every layer without bias.
    "barlow_twins": [
        (2048, 8192, False), (True, True), "relu", (8192, 8192, False), (True, True), "relu", (8192, 8192, False),
    ],
    # simsiam/builder.py: the last layer's bias is not trained, and its normalization has no scale and no shift.
    "simsiam": [
        (2048, 2048, False), (True, True), "relu", (2048, 2048, False), (True, True), "relu", (2048, 2048, False),
        (False, False),
    ],
    # main_vicreg.py, Projector: biases of the first layers are lost in their normalizations.
    "vicreg": [
        (2048, 8192, False), (True, True), "relu", (8192, 8192, False), (True, True), "relu", (8192, 8192, False),
    ],
    # vision_transformer.py, DINOHead, up to the last layer.
    "dino": [(2048, 2048, True), "gelu", (2048, 2048, True), "gelu", (2048, 256, True)],
    "mae": [],
}  # fmt: skip

every_method = pytest.mark.parametrize("name", list(METHODS.entries))


def layers(head: nn.Module) -> list[tuple[int | bool, ...] | str]:
    found: list[tuple[int | bool, ...] | str] = []
    for layer in head.children():
        if isinstance(layer, nn.Linear):
            found.append((layer.in_features, layer.out_features, layer.bias is not None))
        elif isinstance(layer, nn.BatchNorm1d):
            assert (layer.momentum, layer.eps) == (0.1, 1e-5)
            found.append((layer.affine and layer.weight.requires_grad, layer.affine and layer.bias.requires_grad))
        else:
            assert isinstance(layer, nn.ReLU | nn.GELU)
            found.append(type(layer).__name__.lower())
    return found


@cache
def published(name: str) -> Learner:
    """The method with its defaults for the features of a ResNet-50 and the images of ImageNet, without the numbers."""
    with torch.device("meta"):
        backbone = BACKBONES.build('timm("vit_base_patch16_224")' if name == "mae" else "tiny(width=4)")
    if name != "mae":
        backbone.num_features = 2048
    with pytest.MonkeyPatch.context() as patch, torch.device("meta"):
        patch.setattr(nn.functional, "normalize", lambda rows, dim: rows)  # of which there is nothing to compute
        made: Learner = METHODS.build(name).learner(backbone, IMAGENET)
    return made


def test_all_are_there() -> None:
    assert set(DEFAULTS) == set(HEADS) == set(RECIPES) == set(METHODS.entries)


@every_method
def test_defaults_are_the_papers(name: str) -> None:
    assert METHODS.bind(Call(name)).arguments() == DEFAULTS[name]


@every_method
def test_heads_are_the_codes(name: str) -> None:
    made = published(name)
    assert layers(made.online.head) == HEADS[name]
    if name == "byol":
        assert layers(made.predictor) == [(256, 4096, False), (True, True), "relu", (4096, 256, False)]  # type: ignore[arg-type]
    if name == "simsiam":
        assert layers(made.predictor) == [(2048, 512, False), (True, True), "relu", (512, 2048, True)]  # type: ignore[arg-type]
    if name in ("pirl", "infomin"):
        assert layers(made.jigsaw_head.each) == HEADS[name]  # type: ignore[union-attr, arg-type]
        together = made.jigsaw_head.together  # type: ignore[union-attr]
        assert (together.in_features, together.out_features) == (9 * 128, 128)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("insdis", {"bank.entries": (IMAGENET, 128)}),
        ("pirl", {"bank.entries": (IMAGENET, 128)}),
        ("moco_v1", {"queue.keys": (65536, 128)}),
        ("moco_v2", {"queue.keys": (65536, 128)}),
        ("infomin", {"queue.keys": (65536, 128)}),
        ("pcl_v1", {"queue.keys": (16384, 128), "assignments": (3, IMAGENET), "centroids2": (100000, 128)}),
        ("pcl_v2", {"queue.keys": (16384, 128), "centroids0": (25000, 128), "concentration1": (50000,)}),
        ("deepcluster_v2", {"assignments": (3, IMAGENET), "banks.1.entries": (IMAGENET, 128)}),
        ("sela_v2", {"prototypes.2.weight": (3000, 128), "banks.0.entries": (IMAGENET, 128)}),
        ("swav", {"prototypes.weight": (3000, 128)}),
        ("dino", {"outputs.layer.weight": (65536, 256), "center": (65536,)}),
        (
            "mae",
            {
                "decoder.embed.weight": (512, 768),
                "decoder.hidden": (1, 1, 512),
                "decoder.tell.weight": (768, 512),
                "decoder.blocks.7.attn.qkv.weight": (1536, 512),
                "decoder.blocks.0.mlp.fc1.weight": (2048, 512),
                "decoder.norm.weight": (512,),
            },
        ),
    ],
)
def test_queues_memories_and_prototypes_have_the_papers_sizes(name: str, shapes: dict[str, tuple[int, ...]]) -> None:
    state = published(name).state_dict()
    assert {key: tuple(state[key].shape) for key in shapes} == shapes


# Crops of 8 or 20 % at least, and each paper's changes of color, in the code's order.
OLD = (RandomResizedCrop(0.2), Grayscale(0.2), ColorJitter(0.4, 0.4, 0.4, 0.4, p=1.0), HorizontalFlip(0.5))
PLUS = (
    RandomResizedCrop(0.2), ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8), Grayscale(0.2), GaussianBlur(0.1, 2.0, p=0.5),
    HorizontalFlip(0.5),
)  # fmt: skip
STRONG = (HorizontalFlip(0.5), ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8), Grayscale(0.2), GaussianBlur(0.1, 2.0, p=0.5))
PIRL = (ColorJitter(0.4, 0.4, 0.4, 0.2, p=1.0), Grayscale(0.2), HorizontalFlip(0.5))
INFOMIN = (
    RandomResizedCrop(0.2), HorizontalFlip(0.5), ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8), GaussianBlur(0.1, 2.0, p=0.5),
    Grayscale(0.2),
)  # fmt: skip


def byol_steps(blurred: float, solarized: float, smallest: float = 0.08, largest: float = 1.0) -> tuple[Any, ...]:
    return (
        RandomResizedCrop(smallest, largest=largest), HorizontalFlip(0.5), ColorJitter(0.4, 0.4, 0.2, 0.1, p=0.8),
        Grayscale(0.2),
        GaussianBlur(0.1, 2.0, p=blurred), Solarize(0.5, p=solarized),
    )  # fmt: skip


BYOL = [(1, 224, byol_steps(1.0, 0.0)), (1, 224, byol_steps(0.1, 0.2))]


def crops(count: int, size: int, smallest: float, small: int) -> list[tuple[int, int, tuple[Any, ...]]]:
    return [
        (count, size, (RandomResizedCrop(smallest), *STRONG)),
        (small, 96, (RandomResizedCrop(0.05, largest=0.14), *STRONG)),
    ]


# Epochs, batch, optimizer, schedule, statistics, and views as (count, size, steps).
RECIPES: dict[str, tuple[Any, ...]] = {
    # lemniscate.pytorch, main.py.
    "insdis": (200, 256, SGD(0.03, 0.9, 1e-4), MultiStep((120, 160), 0.1), "local", [(1, 224, OLD)]),
    # https://github.com/facebookresearch/moco, main_moco.py.
    "moco_v1": (200, 256, SGD(0.03, 0.9, 1e-4), MultiStep((120, 160), 0.1), "local", [(2, 224, OLD)]),
    "moco_v2": (800, 256, SGD(0.03, 0.9, 1e-4), Cosine(0, 0.0), "local", [(2, 224, PLUS)]),
    # Chen et al. 2020, section 2.2: 0.3 * 4096 / 256; v2, section 3: 0.1 * root of 4096; resnet.py: global_bn.
    "simclr_v1": (
        1000, 4096, Lars(4.8, 0.9, 1e-6, 0.001, None, True), Cosine(10, 0.0), "sync",
        [(2, 224, (RandomResizedCrop(0.08), *STRONG))],
    ),
    "simclr_v2": (
        800, 4096, Lars(6.4, 0.9, 1e-4, 0.001, None, True), Cosine(40, 0.0), "sync",
        [(2, 224, (RandomResizedCrop(0.08), *STRONG))],
    ),
    # byol/configs/byol.py, 1000 epochs: 0.2 * 4096 / 256; augmentations.py.
    "byol": (1000, 4096, Lars(3.2, 0.9, 1.5e-6, 0.001, None, False), Cosine(10, 0.0), "sync", BYOL),
    # VISSL's pirl_jigsaw_4node_resnet50.yaml: 0.12 to 0.00012.
    "pirl": (
        800, 1024, SGD(0.12, 0.9, 1e-4, "weights"), Cosine(0, 0.001), "local",
        [(1, 224, (RandomResizedCrop(0.08), *PIRL)), (1, 255, (RandomResizedCrop(0.6), *PIRL))],
    ),
    # The scripts of https://github.com/facebookresearch/swav: 4.8 to 0.0048.
    "deepcluster_v2": (800, 4096, Larc(4.8, 0.9, 1e-6, 0.001), Cosine(10, 0.001), "sync", crops(2, 224, 0.14, 6)),
    "swav": (800, 4096, Larc(4.8, 0.9, 1e-6, 0.001), Cosine(10, 0.001), "sync", crops(2, 224, 0.14, 6)),
    "sela_v2": (400, 4096, Larc(4.8, 0.9, 1e-6, 0.001), Cosine(10, 0.001), "sync", crops(2, 160, 0.08, 4)),
    # https://github.com/salesforce/PCL, main_pcl.py.
    "pcl_v1": (200, 256, SGD(0.03, 0.9, 1e-4), MultiStep((120, 160), 0.1), "local", [(2, 224, OLD)]),
    "pcl_v2": (200, 256, SGD(0.03, 0.9, 1e-4), Cosine(0, 0.0), "local", [(2, 224, PLUS)]),
    # PyContrast: base_options.py; base_trainer.py: a floor of 0.1 ** 3; datasets/util.py.
    "infomin": (
        800, 256, SGD(0.03, 0.9, 1e-4), Cosine(0, 0.001), "local",
        [(2, 224, INFOMIN), (1, 255, (RandomResizedCrop(0.6), HorizontalFlip(0.5)))],
    ),
    # main.py of barlowtwins: 0.2 and 0.0048 times 2048 / 256.
    "barlow_twins": (1000, 2048, Lars(1.6, 0.9, 1e-6, 0.001, 0.0384, False), Cosine(10, 0.001), "sync", BYOL),
    # main_vicreg.py and README.md: 0.2 times 2048 / 256.
    "vicreg": (1000, 2048, Lars(1.6, 0.9, 1e-6, 0.001, None, False), Cosine(10, 0.001), "sync", BYOL),
    # main_simsiam.py: 0.05 times 512 / 256, the views of MoCo-v2.
    "simsiam": (100, 512, SGD(0.1, 0.9, 1e-4), Cosine(0, 0.0), "sync", [(2, 224, PLUS)]),
    # README.md, the command for convolutional networks, 8 GPUs of 64 images: 0.03 times 512 / 256, to 1e-6.
    "dino": (
        100, 512, SGD(0.06, 0.9, 1e-4, "weights"), Cosine(10, 1e-6 / 0.06), "sync",
        [
            (1, 224, byol_steps(1.0, 0.0, 0.14)), (1, 224, byol_steps(0.1, 0.2, 0.14)),
            (8, 96, byol_steps(0.5, 0.0, 0.05, 0.14)),
        ],
    ),
    # PRETRAIN.md: 1.5e-4 times 4096 / 256.
    "mae": (
        800, 4096, AdamW(2.4e-3, 0.05, "weights", 0.95), Cosine(40, 0.0), "local",
        [(1, 224, (RandomResizedCrop(0.2), HorizontalFlip(0.5)))],
    ),
}  # fmt: skip


@every_method
def test_published_recipes_are_the_papers(name: str) -> None:
    recipe: Recipe = recipe_named(f"ssl/{name}")
    epochs, batch_size, optimizer, schedule, statistics, views = RECIPES[name]
    assert (recipe.epochs, recipe.batch_size) == (epochs, batch_size)
    assert recipe.optimizer == optimizer
    assert recipe.schedule == schedule
    assert recipe.batch_norm == statistics
    found = [(one.count, one.image_size, one.augmentation) for one in recipe.views]
    assert (found or [(METHODS.build(name).views, recipe.image_size, recipe.augmentation)]) == views
    assert recipe.image_size == views[0][1]
    assert (recipe.selection, recipe.normalization, recipe.precision) == ("last", "imagenet", "32")
