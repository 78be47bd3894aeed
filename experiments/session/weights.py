"""Fetching the file of published weights into the weight store."""

from __future__ import annotations

from experiments.session.announcing import announcing
from experiments.session.context import Say
from initializers.publishing.fetching import Report
from initializers.publishing.publishing import Placed
from initializers.publishing.store import WeightStore


def terms_of(initializer: Placed) -> str:
    """The licence of published weights, and the page where its terms stand."""
    licence, page = initializer.card().licence or "no licence stated", initializer.file.page
    return licence if page in licence else f"{licence} ({page})"


def fetched_weights(initializer: Placed, say: Say, report: Report) -> str:
    """Fetch the published file of an initializer unless it is there; returns its sha256.

    Args:
        initializer: whose file is wanted.
        say: told what comes, from which host, how large and under which licence.
        report: told how many bytes have come, of how many where the server says.

    Raises:
        WeightsError: if it must be fetched by hand or by pip, cannot be fetched, or is not the publishers' file.
        StorageError: if the disk is full.
    """
    file = initializer.file
    if file.url is not None:
        report = announcing(file.name, file.url, terms_of(initializer), say, report)
    return WeightStore.current().fetch(file, report)
