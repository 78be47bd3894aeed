"""Batches that threads make as a whole, before they are needed.

Threads share one memory and hand over arrays without copying them; decoding, resizing and warping release Python's
lock, so a few of them keep a GPU busy.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import torch
from torch import Tensor

from specs.run import digest

AHEAD = 2
"""How many batches per thread are made before they are asked for."""

Batch = dict[str, Any]


class Share(NamedTuple):
    """The part of each batch that a process takes: a contiguous one, as large as those of the others where possible.

    Attributes:
        rank: the number of the process, from 0.
        processes: how many processes share each batch.
        least: how many images of each training batch a process needs, at least.
    """

    rank: int = 0
    processes: int = 1
    least: int = 1

    def of(self, length: int) -> slice:
        """The part of a batch of a given length; it is empty for some processes if these are more than its samples."""
        return slice(self.rank * length // self.processes, (self.rank + 1) * length // self.processes)


class EpochSampler:
    """The order of the samples in an epoch, drawn from seed and epoch; Lightning calls ``set_epoch``.

    With classes, as many samples are drawn with replacement: each class is equally likely, and likewise each sample of
    a class. The draws depend on seed and epoch alone, so that all processes have the same.

    Args:
        length: the number of samples in the split.
        seed: the seed of the run; None keeps the samples in order.
        every: the distance of the samples that are taken, in order; 1 takes all of them.
        classes: the class of each sample, from 0 on, where classes are to be equally likely; samples of a negative
            class are never drawn. None: each sample is taken once.
    """

    def __init__(self, length: int, seed: int | None, every: int = 1, classes: Sequence[int] | None = None) -> None:
        self.length, self.seed, self.epoch, self.every = -(-length // every), seed, 0, every
        self.classes = None if classes is None else torch.tensor(classes)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration draws."""
        self.epoch = epoch

    def numbers(self) -> list[int]:
        """The samples' places in their split, in this epoch's order.

        A sample that is drawn again has the length of the split added each time, so that every draw has a number, and
        an augmentation, of its own.
        """
        if self.seed is None:
            return list(range(0, self.length * self.every, self.every))
        generator = torch.Generator().manual_seed(int(digest([self.seed, "order", self.epoch])[:15], 16))
        if self.classes is not None:
            return self._balanced(self.classes, generator)
        return torch.randperm(self.length, generator=generator).tolist()

    def _balanced(self, classes: Tensor, generator: torch.Generator) -> list[int]:
        """As many draws as there are samples: a class, then a sample of it, each with equal chances."""
        drawable = torch.nonzero(classes >= 0)[:, 0]
        by_class = drawable[torch.argsort(classes[drawable], stable=True)]
        counts = torch.bincount(classes[drawable])
        drawn = torch.randint(len(counts), (self.length,), generator=generator)
        inside = torch.rand(self.length, generator=generator, dtype=torch.float64) * counts[drawn]
        numbers, again = list[int](), Counter[int]()
        for place in by_class[(counts.cumsum(0) - counts)[drawn] + inside.long()].tolist():
            numbers.append(place + self.length * again[place])
            again[place] += 1
        return numbers


class BatchLoader:
    """The batches of a split, as an iterable that Lightning takes for a data loader.

    Args:
        make: the function that makes a batch of the number of an epoch and the samples' places in the split; several
            threads call it at once.
        sampler: the order in which an epoch takes the samples.
        batch_size: how many samples each batch has over all processes; the last one may have fewer.
        drop_last: whether a smaller last batch is left out.
        threads: how many threads make batches; with 0 the calling thread does, when a batch is asked for.
        most: how many batches an epoch has, at most; None: as many as all samples fill.
        share: the part of each batch that this process makes; where it has none, the batch is left out.
    """

    batch_sampler = None  # Lightning looks for one beside ``sampler``, as torch's DataLoader has it

    def __init__(
        self,
        make: Callable[[int, list[int]], Batch],
        sampler: EpochSampler,
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
            numbers[number * self.batch_size : number * self.batch_size + length]
            for number, length in enumerate(self.lengths())
        ]
        parts = [part for batch in whole if (part := batch[self.share.of(len(batch))])]
        if not self.threads:
            for chosen in parts:
                yield self.make(epoch, chosen)
            return
        pool = ThreadPoolExecutor(self.threads, "batches")
        try:
            waiting: deque[Future[Batch]] = deque()
            for chosen in parts:
                waiting.append(pool.submit(self.make, epoch, chosen))
                if len(waiting) > AHEAD * self.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
