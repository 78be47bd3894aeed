"""How the files of an export are used, as sections of its model card."""

from __future__ import annotations

import json

from experiments.exporting.facts import Facts
from specs.card import Normalization
from specs.recipe import Recipe
from specs.task import Task

ACTIVATIONS = {"multiclass": "softmax(dim=1)"}
"""What turns logits into probabilities in torch, by the kind of a classification; others take the sigmoid."""


def usage(facts: Facts, onnx: bool, timm: bool) -> str:
    """How to use the files of an export, in Markdown.

    Args:
        facts: the run that is exported.
        onnx: whether there is an ONNX file.
        timm: whether there is a folder for timm.
    """
    parts = [_onnx(facts)] if onnx else []
    parts.append(_torch(facts))
    if timm:
        parts.append(f"### With timm\n\nIn `timm`, which is a folder for the hub by itself:\n\n{_timm(facts.task)}")
    parts.append(
        "### As the start of another fine-tuning\n\n"
        "The header of `network.safetensors` says what it is: `medtransfer inspect network.safetensors`, and "
        "`'file(\"network.safetensors\")'` in the place of any weights, takes the backbone and leaves the head."
    )
    return "\n\n".join(parts)


def timm_usage(recipe: Recipe, task: Task) -> str:
    """How timm loads the folder, in Markdown, and what it does otherwise than the run.

    Args:
        recipe: the recipe that the network was trained and tested by.
        task: the task that the network has learned.
    """
    notes = ["Images of one channel are repeated over the channels that the network takes."]
    if recipe.resampling != "antialiased":
        notes.append(
            f"timm resamples with Pillow and the run with OpenCV ({recipe.resampling}), so that probabilities differ; "
            "`preprocessing.json` has the run's steps."
        )
    if recipe.test_time_augmentation != "none":
        notes.append(
            f"The run's scores are of means over views of each image ({recipe.test_time_augmentation}), which timm "
            "does not take."
        )
    return _timm(task) + "\n\n" + "\n".join(f"- {note}" for note in notes)


def _timm(task: Task) -> str:
    return f"""```python
import timm
import torch
from PIL import Image

model = timm.create_model("local-dir:FOLDER", pretrained=True).eval()
transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
image = Image.open("IMAGE").convert("RGB" if model.pretrained_cfg["input_size"][0] == 3 else "L")
with torch.no_grad():
    probabilities = model(transform(image)[None]).{ACTIVATIONS.get(task.kind, "sigmoid()")}
```

`pretrained=True` must be there: without it timm draws random weights. The classes, in order: \
{json.dumps(list(task.classes), ensure_ascii=False)}."""


def _onnx(facts: Facts) -> str:
    resampled = facts.spec.recipe.resampling != "antialiased" or facts.task.kind == "segmentation"
    packages = "numpy pillow onnxruntime" + (" opencv-python-headless" if resampled else "")
    return f"""### Without torch

```
pip install {packages}
python predict_onnx.py IMAGE ...
```

`predict_onnx.py` follows `preprocessing.json`. `model.onnx` takes uint8 images in batches of any size and gives \
probabilities; normalization and test-time augmentation are inside."""


def _torch(facts: Facts) -> str:
    task = facts.task
    kind = "SegmentationModule" if task.kind == "segmentation" else "ClassificationModule"
    stated = facts.record.data["normalization"]
    normalization = Normalization(tuple(stated["mean"]), tuple(stated["std"]))
    return f"""### With torch

```python
import json

import medtransfer as mt
from safetensors import safe_open
from safetensors.torch import load_file

with safe_open("network.safetensors", "pt") as file:
    recipe = mt.Recipe.from_json(json.loads(file.metadata()["recipe"]))
task = mt.Task({task.kind!r}, {task.classes!r})
backbone = mt.BACKBONES.build({facts.expression!r})
module = mt.{kind}(backbone, task, recipe, mt.{normalization!r}).eval()
module.load_state_dict(load_file("network.safetensors"))
probabilities = module.probabilities(images)  # uint8 (B, C, H, W), as preprocessing.json says
```"""
