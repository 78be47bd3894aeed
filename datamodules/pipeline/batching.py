"""Batches made whole, by threads, ahead of their use.

Threads share one memory and hand over arrays without copying them; decoding, resizing and warping release Python's
lock, so a few of them keep a GPU busy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import torch

from specs.run import digest

AHEAD = 2
"""Batches per thread that are made before they are asked for."""

Batch = dict[str, Any]


class Share(NamedTuple):
    """Which part of each batch a process takes: a contiguous one, all of them as equal as can be.

    Attributes:
        rank: number of the process.
        processes: that share each batch.
        least: images of each training batch that a process needs.
    """

    rank: int = 0
    processes: int = 1
    least: int = 1

    def of(self, length: int) -> slice:
        """The part of a batch of a length; empty for some if they are more than its samples."""
        return slice(self.rank * length // self.processes, (self.rank + 1) * length // self.processes)


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
        share: the part of each batch that this process makes; where it has none, the batch is left out.
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
        share: Share = Share(),  # noqa: B008 (it cannot change)
    ) -> None:
        self.make, self.sampler, self.batch_size = make, sampler, batch_size
        self.drop_last, self.threads, self.most, self.share = drop_last, threads, most, share

    def lengths(self) -> list[int]:
        """How many samples each batch of an epoch has over all processes."""
        whole, rest = divmod(self.sampler.length, self.batch_size)
        every = [self.batch_size] * whole + [rest] * (rest > 0 and not self.drop_last)
        return every[: self.most]

    def __len__(self) -> int:
        return sum(len(range(length)[self.share.of(length)]) > 0 for length in self.lengths())

    def __iter__(self) -> Iterator[Batch]:
        epoch, numbers = self.sampler.epoch, self.sampler.numbers()
        whole = [
            numbers[place * self.batch_size : place * self.batch_size + length]
            for place, length in enumerate(self.lengths())
        ]
        places = [part for batch in whole if (part := batch[self.share.of(len(batch))])]
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
