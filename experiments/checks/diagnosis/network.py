"""Whether the servers that published weights are fetched from can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from experiments.checks.diagnosis.check_result import CheckResult

TIMEOUT = 3.0
"""Seconds to wait for each server."""


def servers() -> list[str]:
    """Scheme and host of every published file that `medtransfer weights fetch` can fetch, as ``https://HOST``."""
    from initializers.publishing.catalogue import published

    urls = {urlsplit(one.file.url) for _, one in published() if one.file.url}
    return sorted({f"{url.scheme}://{url.netloc}" for url in urls})


def network(asked: Sequence[str], timeout: float = TIMEOUT) -> CheckResult:
    """Ask every server for a header; any answer will do.

    Args:
        asked: the servers as ``https://HOST``, at least one.
        timeout: the time to wait for each server, in seconds.
    """
    with urllib3.PoolManager(timeout=timeout, retries=False) as pool, ThreadPoolExecutor(len(asked)) as beside:
        answers = list(beside.map(lambda server: _answers(pool, server), asked))
    silent = [urlsplit(server).netloc for server, answer in zip(asked, answers, strict=True) if not answer]
    if not silent:
        return CheckResult("network", "ok", f"all {len(asked)} servers of published weights answer")
    by_hand = "Fetch weights elsewhere and add them with `medtransfer weights add`."
    if len(silent) == len(asked):
        return CheckResult(
            "network", "warning", "none: `medtransfer weights fetch` cannot work; all else does", by_hand
        )
    return CheckResult("network", "warning", f"no answer from {', '.join(silent)}", by_hand)


def _answers(pool: urllib3.PoolManager, server: str) -> bool:
    try:
        pool.request("HEAD", f"{server}/", redirect=False)
    except (HTTPError, OSError):
        return False
    return True
