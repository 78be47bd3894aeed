"""Weights from an external checkpoint of unknown layout: the backbone's tensors, without wrappers and heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from initializers.loading.contract import Weights

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from initializers.formats.checkpoints import Container


def weights_in(
    container: Container,
    backbone: Backbone,
    key: str | None,
    prefix: str | None,
    drop: tuple[str, ...],
    sha256: str | None,
) -> Weights:
    """The tensors of a checkpoint under a backbone's names.

    Args:
        container: the content of the file, from ``read_container``.
        backbone: the backbone that the weights are for.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: what the backbone's tensor names begin with in the file; None finds the usual prefixes.
        drop: beginnings of names, behind the prefix, of further tensors that do not belong to the backbone.
        sha256: the hash of the file's bytes.

    Raises:
        WeightsError: if the file holds no tensors, or not that entry, or no tensor with that prefix.
    """
    from initializers.formats.checkpoints import tensors_in
    from initializers.formats.spellings import spelled, without_heads
    from initializers.loading.inputs import for_inputs

    wanted = backbone.weights()
    tensors, where = tensors_in(container, key)
    renamed = spelled(tensors, wanted, prefix)
    tensors, dropped = without_heads(renamed.tensors, wanted, drop)
    source = f"{container.file} ({where}{renamed.words})"
    return for_inputs(Weights(tensors, dropped=dropped, source=source, sha256=sha256), backbone)
