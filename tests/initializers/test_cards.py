"""What publishers say of their weights: where the file is, its hash, what trained it, and on which input."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from initializers.loading.contract import build
from initializers.publishing.publishing import Published
from specs.card import IMAGENET, UNIT, Normalization
from specs.registry import INITIALIZERS

FACEBOOK = "https://dl.fbaipublicfiles.com"
GOOGLE = "https://storage.googleapis.com"


class Said(NamedTuple):
    """Of one file.

    Attributes:
        url: of the file; None where it lies behind a form.
        digest: how the hash begins that stands in its name or beside its link.
        data: that trained it.
        normalization: of the input, by the authors' own evaluation code.
    """

    url: str | None
    digest: str | None = None
    data: tuple[str, ...] = ("imagenet",)
    normalization: Normalization = IMAGENET


HUB = "https://huggingface.co"
FIVE = ("chexpert", "chestxray14", "rsna_pneumonia", "vindr_cxr", "shenzhen")

SAID = {
    "ark": Said(None, data=(*FIVE, "mimic_cxr", "imagenet")),
    "biomedclip": Said(
        f"{HUB}/microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224/resolve/main/open_clip_pytorch_model.bin",
        data=("pmc_15m",),
        normalization=Normalization((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    ),
    "barlow_twins": Said(f"{FACEBOOK}/barlowtwins/ep1000_bs2048_lrw0.2_lrb0.0048_lambd0.0051/resnet50.pth"),
    "byol": Said(f"{GOOGLE}/deepmind-byol/checkpoints/pretrain_res50x1.pkl"),
    "clsa": Said(None),
    "deepcluster_v2": Said(f"{FACEBOOK}/deepcluster/deepclusterv2_800ep_pretrain.pth.tar"),
    "densecl": Said(f"{HUB}/xinlongwang/DenseCL/resolve/main/densecl_r50_imagenet_200ep.pth"),
    "detco": Said(None),
    "dino": Said(f"{FACEBOOK}/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth"),
    "imagenet": Said("https://download.pytorch.org/models/resnet50-0676ba61.pth", "sha256:0676ba61"),
    "imagenet_mimic": Said(
        "https://zenodo.org/records/17627332/files/domain_adapted_resnet50_imagenet_mimic_checkpoint.pth.tar?download=1",
        data=("mimic_cxr", "imagenet"),
    ),
    "inat2021": Said(None, data=("inat2021", "imagenet")),
    "infomin": Said(None),
    "insdis": Said(None),
    "moco_v1": Said(f"{FACEBOOK}/moco/moco_checkpoints/moco_v1_200ep/moco_v1_200ep_pretrain.pth.tar", "md5:b251726a"),
    "moco_v2": Said(f"{FACEBOOK}/moco/moco_checkpoints/moco_v2_800ep/moco_v2_800ep_pretrain.pth.tar", "md5:a04e12f8"),
    "obow": Said(None),
    "pcl_v1": Said(f"{GOOGLE}/sfr-pcl-data-research/PCL_checkpoint/PCL_v1_epoch200.pth.tar"),
    "pcl_v2": Said(f"{GOOGLE}/sfr-pcl-data-research/PCL_checkpoint/PCL_v2_epoch200.pth.tar"),
    "pirl": Said(None),
    "pixpro": Said(None, "md5:919c6612"),
    "rad_dino": Said(
        f"{HUB}/microsoft/rad-dino/resolve/main/backbone_compatible.safetensors",
        data=("mimic_cxr", "chexpert", "chestxray14", "padchest", "brax", "lvd142m"),
        normalization=Normalization((0.5307,), (0.2583,)),
    ),
    "radimagenet": Said(None, data=("radimagenet",), normalization=Normalization((0.5,), (0.5,))),
    "retfound": Said(None, data=("meh_midas", "eyepacs", "imagenet")),
    "sela_v2": Said(f"{FACEBOOK}/deepcluster/selav2_400ep_pretrain.pth.tar"),
    "simclr_v1": Said(None, normalization=UNIT),
    "simclr_v2": Said(None, normalization=UNIT),
    "simsiam": Said(f"{FACEBOOK}/simsiam/models/100ep/pretrain/checkpoint_0099.pth.tar"),
    "swav": Said(f"{FACEBOOK}/deepcluster/swav_800ep_pretrain.pth.tar"),
    "torchxrayvision": Said(
        "https://github.com/mlmed/torchxrayvision/releases/download/v1/"
        "pc-nih-rsna-siim-vin-resnet50-test512-e400-state.pt",
        data=("padchest", "chestxray14", "rsna_pneumonia", "siim_acr", "vindr_cxr"),
        normalization=Normalization((0.5,), (1 / 2048,)),
    ),
    "vicreg": Said(f"{FACEBOOK}/vicreg/resnet50.pth"),
    "vicregl": Said(f"{FACEBOOK}/vicregl/resnet50_alpha0.9.pth"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_card_says_what_the_publishers_say(name: str) -> None:
    initializer = build(name)
    assert isinstance(initializer, Published)
    file, card = initializer.file, initializer.card()
    found = Said(file.url, file.digest, card.training_data, card.normalization)
    assert found == SAID[name]
    assert card.source == (file.url or file.page)
    assert file.page.startswith("https://")
    assert card.method and card.licence and "http" in card.paper


def test_every_published_file_is_among_them() -> None:
    published = {
        entry.name
        for entry in INITIALIZERS.entries.values()
        if isinstance(cls := INITIALIZERS.get(entry.name), type) and issubclass(cls, Published)
    }
    assert published - set(SAID) == {"domain_adapted", "timm"}  # which take arguments
