"""Batches made whole, by threads, ahead of their use.

Threads share one memory and hand over arrays without copying them; decoding, resizing and warping release Python's
lock, so a few of them keep a GPU busy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from specs.run import digest

AHEAD = 2
"""Batches per thread that are made before they are asked for."""

Batch = dict[str, Any]


class Order:
    """The order of an epoch, drawn from seed and epoch; Lightning calls ``set_epoch``.

    Args:
        length: number of samples.
        seed: of the run; None keeps the samples in order.
        every: takes one of so many, in order.
    """

    def __init__(self, length: int, seed: int | None, every: int = 1) -> None:
        self.length, self.seed, self.epoch, self.every = -(-length // every), seed, 0, every

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration draws."""
        self.epoch = epoch

    def numbers(self) -> list[int]:
        """The samples' places in their split, in this epoch's order."""
        if self.seed is None:
            return list(range(0, self.length * self.every, self.every))
        generator = torch.Generator().manual_seed(int(digest([self.seed, "order", self.epoch])[:15], 16))
        return torch.randperm(self.length, generator=generator).tolist()


class Batches:
    """One split, batch by batch; an iterable that Lightning takes as a data loader.

    Args:
        make: from an epoch and the samples' places to a batch; several threads call it at once.
        sampler: the order.
        batch_size: samples in each batch but the last.
        drop_last: whether a smaller last batch is left out.
        threads: how many make batches; with 0 the caller's own does, when asked.
        most: batches of an epoch at most; None: of all samples.
    """

    batch_sampler = None  # Lightning looks for one beside ``sampler``, as torch's DataLoader has it

    def __init__(
        self,
        make: Callable[[int, list[int]], Batch],
        sampler: Order,
        batch_size: int,
        drop_last: bool,
        threads: int,
        most: int | None = None,
    ) -> None:
        self.make, self.sampler, self.batch_size = make, sampler, batch_size
        self.drop_last, self.threads, self.most = drop_last, threads, most

    def __len__(self) -> int:
        whole, rest = divmod(self.sampler.length, self.batch_size)
        batches = whole + (rest > 0 and not self.drop_last)
        return batches if self.most is None else min(batches, self.most)

    def __iter__(self) -> Iterator[Batch]:
        epoch, numbers = self.sampler.epoch, self.sampler.numbers()
        places = [numbers[start : start + self.batch_size] for start in range(0, len(numbers), self.batch_size)]
        places = places[: len(self)]
        if not self.threads:
            for chosen in places:
                yield self.make(epoch, chosen)
            return
        pool = ThreadPoolExecutor(self.threads, "batches")
        try:
            waiting: deque[Future[Batch]] = deque()
            for chosen in places:
                waiting.append(pool.submit(self.make, epoch, chosen))
                if len(waiting) > AHEAD * self.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
