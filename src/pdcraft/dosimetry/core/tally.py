r"""Batches of histories into a mean and its standard deviation.

.. math:: \bar q = \frac1B\sum_b q_b,\qquad
          \sigma^2 = \frac{1}{B(B-1)}\sum_b (q_b - \bar q)^2

The batches are fixed ranges of history numbers, summed in order, so the result is the same to the
last bit for any number of threads.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

T = TypeVar("T")
R = TypeVar("R")


def batch_ranges(total: int, batches: int) -> list[tuple[int, int]]:
    """First and one-past-last history of each batch, of equal size."""
    size = total // batches
    return [(b * size, (b + 1) * size) for b in range(batches)]


def mean_and_sigma(per_batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis and the standard deviation of that mean, unit of the input."""
    batches = len(per_batch)
    return per_batch.mean(0), per_batch.std(0, ddof=1) / np.sqrt(batches)


def in_batches(
    work: Callable[[int, int], np.ndarray], ranges: Sequence[tuple[int, int]], *, threads: int = 1
) -> np.ndarray:
    """``work(begin, end)`` per history and batch, stacked in the order of ``ranges``.

    ``work`` releases the interpreter lock (compiled with ``nogil``), so threads run in parallel.
    """
    with ThreadPoolExecutor(threads) as pool:
        sums = pool.map(lambda limits: work(*limits), ranges)
        return np.stack([s / (e - b) for s, (b, e) in zip(sums, ranges, strict=True)])


def in_order(
    work: Callable[[T], R], parts: Iterable[T], *, threads: int = 1, ahead: int = 2
) -> Iterator[R]:
    """Results of ``work`` in the order of ``parts``, never more than ``ahead`` per thread waiting.

    What is summed from them in this order is the same to the last bit for any number of threads.
    """
    if threads == 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting = deque()
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) >= ahead * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
