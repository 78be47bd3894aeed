"""Weights of unknown origin in a file: read, unwrapped, without heads, for any backbone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from initializers.contract import Weights

if TYPE_CHECKING:
    from backbones.contract import Backbone


def weights_in(
    path: str | Path, backbone: Backbone, key: str | None, prefix: str | None, drop: tuple[str, ...], sha256: str
) -> Weights:
    """The tensors of a checkpoint under a backbone's names.

    Args:
        path: of the file.
        backbone: that they are for.
        key: the entry of the container that holds the tensors; None finds the usual ones.
        prefix: of the backbone's tensor names in the file; None finds the usual ones.
        drop: beginnings of names, behind the prefix, of further tensors that do not belong to the backbone.
        sha256: of the file.

    Raises:
        WeightsError: if the file is missing, damaged, holds code, or holds no tensors.
    """
    from initializers.checkpoints import read_tensors, without_heads, without_prefix
    from initializers.inputs import for_inputs

    wanted = backbone.weights()
    tensors, container = read_tensors(path, key)
    tensors, found = without_prefix(tensors, wanted, prefix)
    tensors, dropped = without_heads(tensors, wanted, drop)
    place = f"{container}, prefix {found!r}" if found else container
    return for_inputs(Weights(tensors, dropped=dropped, source=f"{path} ({place})", sha256=sha256), backbone)
