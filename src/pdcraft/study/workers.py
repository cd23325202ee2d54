"""Shards on several processes: each prepares the study once and computes what it is told.

Processes, not threads: programs of the numerical library that run at the same time in one process
can wait for each other for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pdcraft.study import shards
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.spec import Study

Task = tuple[int, int, Path]
"""Cohort and shard, counted from 0, and the file that keeps it."""

_mine: list[Prepared] = []  # what this process prepared; filled once, in worker processes only


def each(prepared: Prepared, tasks: Sequence[Task], processes: int) -> Iterator[None]:
    """Compute and save every shard; yields after each, in order.

    Parameters
    ----------
    prepared
        The study.
    tasks
        What to compute.
    processes
        How many at once; 1 computes in this process.
    """
    if processes == 1 or len(tasks) < 2:
        for task in tasks:
            shards.save(prepared, *task)
            yield
        return
    pool = ProcessPoolExecutor(
        min(processes, len(tasks)), multiprocessing.get_context("spawn"), _begin, (prepared.study,)
    )
    try:
        yield from pool.map(_save, tasks)
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(study: Study) -> None:
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _mine.append(prepare(study))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _save(task: Task) -> None:
    shards.save(_mine[0], *task)
