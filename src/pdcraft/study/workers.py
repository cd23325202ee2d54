"""Shards on several processes: each prepares the study once and computes what it is told.

Processes, not threads: programs of the numerical library that run at the same time in one process
can wait for each other for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from pdcraft.study import shards
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.spec import Study

Task = tuple[int, int, Path]
"""Cohort and shard, counted from 0, and the file that keeps it."""

Work = TypeVar("Work")

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
    yield from spread(_save, tasks, processes, begin=_begin, study=prepared.study)


def spread(
    save: Callable[[Work], None],
    tasks: Sequence[Work],
    processes: int,
    *,
    begin: Callable[[Any], None],
    study: Any,
) -> Iterator[None]:
    """Do every task on several processes, each begun with the study; yields after each, in order.

    Parameters
    ----------
    save, begin
        Functions of a module, so that another process finds them.
    tasks, processes, study
        What is done, by how many, on what.
    """
    pool = ProcessPoolExecutor(
        min(processes, len(tasks)), multiprocessing.get_context("spawn"), _started, (begin, study)
    )
    try:
        yield from pool.map(save, tasks)
    finally:
        pool.shutdown(cancel_futures=True)


def _started(begin: Callable[[Any], None], study: Any) -> None:
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    begin(study)


def _begin(study: Study) -> None:
    _mine.append(prepare(study))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _save(task: Task) -> None:
    shards.save(_mine[0], *task)
