"""Weights of unknown origin in a file: read, unwrapped, without heads, for any backbone."""

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
        container: from ``read_container``.
        backbone: that they are for.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: of the backbone's tensor names in the file; None finds the usual ones.
        drop: beginnings of names, behind the prefix, of further tensors that do not belong to the backbone.
        sha256: of the file.

    Raises:
        WeightsError: if it holds no tensors, or not that entry, or none with that prefix.
    """
    from initializers.formats.checkpoints import tensors_in, without_heads, without_prefix
    from initializers.loading.inputs import for_inputs

    wanted = backbone.weights()
    tensors, place = tensors_in(container, key)
    tensors, found = without_prefix(tensors, wanted, prefix)
    tensors, dropped = without_heads(tensors, wanted, drop)
    place += f", prefix {found!r}" if found else ""
    return for_inputs(Weights(tensors, dropped=dropped, source=f"{container.file} ({place})", sha256=sha256), backbone)
