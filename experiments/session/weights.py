"""Fetching the file of published weights into the weight store."""

from __future__ import annotations

from experiments.session.announcing import announcing
from experiments.session.context import Say
from initializers.publishing.fetching import Report
from initializers.publishing.publishing import StoredWeights
from initializers.publishing.store import WeightStore


def terms_of(initializer: StoredWeights) -> str:
    """The licence of published weights, and the page that states its terms."""
    licence, page = initializer.card().licence or "no licence stated", initializer.file.page
    return licence if page in licence else f"{licence} ({page})"


def fetched_weights(initializer: StoredWeights, say: Say, report: Report) -> str:
    """Fetch the published file of an initializer unless it is there; returns its sha256.

    Args:
        initializer: the initializer whose weight file is fetched.
        say: a function that is told the file, from which host it comes, how large it is and under which licence.
        report: a function that is told how many bytes have come, and of how many; None if the server does not say.

    Raises:
        WeightsError: if the file must be fetched by hand or by pip, cannot be fetched, or is not the published file.
        StorageError: if the disk is full.
    """
    file = initializer.file
    if file.url is not None:
        report = announcing(file.name, file.url, terms_of(initializer), say, report)
    return WeightStore.current().fetch(file, report)
