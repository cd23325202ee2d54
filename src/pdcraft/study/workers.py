"""Shards on several processes: each prepares the study once and computes what it is told.

Processes, not threads: programs of the numerical library that run at the same time in one process
can wait for each other for ever.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pdcraft.study import shards
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.spec import Study

Task = tuple[int, int, Path]
"""Cohort and shard, counted from 0, and the file that keeps it."""

Work = TypeVar("Work")

_GLIBC_DEFAULT = 128 * 1024
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
        with keeping_memory():
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
    spawn = multiprocessing.get_context("spawn")
    n = min(processes, len(tasks))
    pool = ProcessPoolExecutor(n, spawn, _started, (begin, study, spawn.Value("i", 0), n))
    try:
        yield from pool.map(save, tasks)
    finally:
        pool.shutdown(cancel_futures=True)


def _started(begin: Callable[[Any], None], study: Any, started: Any, processes: int) -> None:
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    with started.get_lock():
        mine, started.value = started.value, started.value + 1
    _keep_to(mine, processes)
    keep_memory()
    begin(study)


def _keep_to(mine: int, processes: int) -> None:
    """Give this process cores of its own: a third of the time goes where threads share cores."""
    if not hasattr(os, "sched_setaffinity"):
        return  # not every system can
    cores = sorted(os.sched_getaffinity(0))
    share = cores[mine * len(cores) // processes : (mine + 1) * len(cores) // processes]
    os.sched_setaffinity(0, share or cores)


def keep_memory() -> None:
    """Let this process keep what it has freed: every shard asks for the same large arrays again.

    By default glibc hands them back to the system and gets them back page by page, zeroed, which
    takes a fifth of the time of a shard that is followed for a year. Elsewhere nothing happens.
    """
    _thresholds(1 << 30)


@contextmanager
def keeping_memory() -> Iterator[None]:
    """As `keep_memory`, for a while: this process is somebody else's, who gets all of it back."""
    keep_memory()
    try:
        yield
    finally:
        _thresholds(_GLIBC_DEFAULT)


def _thresholds(size: int) -> None:
    """Sizes from which glibc takes memory from the system, and gives it back; frees what it can."""
    if sys.platform != "linux" or not hasattr(libc := ctypes.CDLL(None), "mallopt"):
        return
    trim_threshold, mmap_threshold = -1, -3  # names in malloc.h
    libc.mallopt(mmap_threshold, size)
    libc.mallopt(trim_threshold, size)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _begin(study: Study) -> None:
    _mine.append(prepare(study))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _save(task: Task) -> None:
    shards.save(_mine[0], *task)
