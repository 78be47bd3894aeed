"""How processes share batches: every sample once, in order, as equally as can be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.pipeline.batching import BatchLoader, EpochSampler, Share


def made(
    rank: int, processes: int, order: EpochSampler, batch_size: int, drop_last: bool = False, threads: int = 0
) -> BatchLoader:
    """Batches that hold the samples' numbers."""

    def listed(epoch: int, places: list[int]) -> dict[str, Any]:
        return {"epoch": epoch, "places": places}

    return BatchLoader(listed, order, batch_size, drop_last, threads, share=Share(rank, processes))


@pytest.mark.parametrize(
    ("processes", "length", "parts"),
    [
        (1, 5, [5]),
        (3, 9, [3, 3, 3]),
        (3, 10, [3, 3, 4]),
        (4, 10, [2, 3, 2, 3]),
        (7, 16, [2, 2, 2, 3, 2, 2, 3]),
        (7, 3, [0, 0, 1, 0, 1, 0, 1]),
    ],
)
def test_a_batch_is_cut_into_neighbouring_parts(processes: int, length: int, parts: list[int]) -> None:
    slices = [Share(rank, processes).of(length) for rank in range(processes)]
    assert [one.stop - one.start for one in slices] == parts
    assert [number for one in slices for number in range(length)[one]] == list(range(length))


@given(
    processes=st.sampled_from([1, 2, 3, 4, 7]),
    length=st.integers(0, 60),
    batch_size=st.integers(1, 20),
    seed=st.none() | st.integers(0, 3),
    epoch=st.integers(0, 3),
    drop_last=st.booleans(),
)
def test_processes_put_together_have_the_batches_of_one(
    processes: int, length: int, batch_size: int, seed: int | None, epoch: int, drop_last: bool
) -> None:
    order = EpochSampler(length, seed)
    order.set_epoch(epoch)
    alone = [batch["places"] for batch in made(0, 1, order, batch_size, drop_last)]
    sharing = [made(rank, processes, order, batch_size, drop_last) for rank in range(processes)]
    parts = [[batch["places"] for batch in one] for one in sharing]
    assert [len(one) for one in sharing] == [len(one) for one in parts]
    waiting = [list(one) for one in parts]
    for batch in alone:
        found: list[int] = []
        sizes = []
        for one in waiting:
            # A process that has no part in a smaller last batch has no batch for it.
            own = one.pop(0) if one and one[0][0] in batch else []
            sizes.append(len(own))
            found += own
        assert found == batch
        assert max(sizes) - min(sizes) <= 1
    assert not any(waiting)
    if not drop_last:
        assert sorted(place for one in parts for batch in one for place in batch) == list(range(length))


def test_the_threads_of_a_process_keep_its_part_in_order() -> None:
    order = EpochSampler(50, seed=5)
    first, threaded = (list(made(1, 3, order, 8, threads=threads)) for threads in (0, 2))
    assert first == threaded
