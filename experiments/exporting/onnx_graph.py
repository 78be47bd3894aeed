"""A trained network as an ONNX graph: uint8 images in, probabilities out, in batches of any size."""

from __future__ import annotations

import copy
import importlib.util
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from experiments.exporting.preprocessing import INPUT, OUTPUT
from lightning_modules.classification import ClassificationModule
from lightning_modules.small_maps import without_small_maps
from lightning_modules.supervised import SupervisedModule
from specs.errors import UsageError
from specs.files import replacing

PACKAGES = ("onnx", "onnxscript")
"""The packages that torch's exporter needs (https://docs.pytorch.org/docs/stable/onnx_export.html)."""

LARGEST = 2**31 - 2**20
"""The most bytes of weights that fit into one file: a protocol buffer holds less than 2 GiB
(https://protobuf.dev/programming-guides/proto-limits/), and the graph itself needs some of it."""


class InferenceNetwork(nn.Module):
    """A network from uint8 images (B, C, H, W) to probabilities in float32, with the run's test-time augmentation.

    Classifications give (B, K), segmentations maps (B, outputs, H, W).

    Args:
        module: the trained network, in evaluation mode.
    """

    def __init__(self, module: SupervisedModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, image: Tensor) -> Tensor:
        """The probabilities; the views of a classification pass the network as one batch."""
        module = self.module
        if not isinstance(module, ClassificationModule):
            return module.probabilities(image)
        views = module.views(image)
        logits: Tensor = module.head(module.backbone(torch.cat(views))).float()
        return module.activated(logits).reshape(len(views), -1, logits.shape[1]).mean(dim=0)


def check_packages() -> None:
    """Refuse an export for which packages are lacking.

    Raises:
        UsageError: names them, and the command that installs them.
    """
    if lacking := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise UsageError(
            f"ONNX files are written by {' and '.join(PACKAGES)}, and {' and '.join(lacking)} "
            f"{'is' if len(lacking) == 1 else 'are'} not installed. `pip install 'medtransfer[export]'` installs both."
        )


def write_onnx(module: SupervisedModule, channels: int, size: int, path: Path, metadata: Mapping[str, str]) -> None:
    """Write a network as an ONNX file with a free batch size and without traces of where it was made.

    Args:
        module: the trained network, in evaluation mode, on the CPU.
        channels: the number of channels of the images.
        size: the height and width of the images in pixels.
        path: the file to write.
        metadata: texts to write into the file's metadata, by name.

    Raises:
        UsageError: if packages are lacking, or the weights are too large for one file.
    """
    check_packages()
    held = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    if held > LARGEST:
        raise UsageError(
            f"the network has {held / 2**30:.1f} GiB of weights, and an ONNX file holds less than 2 GiB. Export it "
            "without --onnx, as safetensors."
        )
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass

    plain = copy.deepcopy(module)
    without_small_maps(plain)
    images = torch.zeros(2, channels, size, size, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # about torch's own functions, which users of this command cannot change
        program = torch.onnx.export(
            InferenceNetwork(plain).eval(),
            (images,),
            dynamo=True,
            dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
            input_names=[INPUT],
            output_names=[OUTPUT],
            verbose=False,
        )
    assert program is not None  # it is None for the exporter before, which dynamo=False asks for
    ClearMetadataAndDocStringPass()(program.model)  # each node says the file and the line that it came from
    program.model.metadata_props.update(metadata)
    with replacing(path) as temporary:
        program.save(temporary, external_data=False)
