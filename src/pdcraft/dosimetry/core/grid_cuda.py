"""The decays of ``grid.py`` on a CUDA device: the same functions, the same streams.

One thread follows a pair of decays and writes its events into a piece of a list of its own; a
second kernel adds the lists to the tally with atomic sums, so that results agree with those of the
CPU but for the order of the sums. Importing this module needs ``numba.cuda``, running it a device,
or Numba's simulator (``NUMBA_ENABLE_CUDASIM=1`` and ``NUMBA_DISABLE_JIT=1``). It has not run on a
device yet.
"""

# numba.cuda has no types that say that kernels are launched with [blocks, threads].
# pyright: reportCallIssue=false, reportIndexIssue=false, reportArgumentType=false

import numpy as np
from numba import cuda, float64, int64, uint64

from pdcraft.dosimetry.core.electron import STACK
from pdcraft.dosimetry.core.grid import decay
from pdcraft.dosimetry.core.voxel import CHANNELS, LOST, NEXT, SIDE

ROOM = 256  # events of a pair; more are counted as lost
BLOCK = 128
PAIRS = 2**18  # of one launch: 1.6 GB of events


@cuda.jit
def follow_pairs(key, first, last, source, nuclide, matter, keys, MeV, counts, emitted):
    """Events of pairs ``first`` … ``last - 1``, each in its piece of ``keys`` and ``MeV``."""
    thread = cuda.grid(1)
    pair = first + thread
    if pair >= last:
        return
    stack = cuda.local.array((STACK, 8), float64)
    particle = cuda.local.array(8, float64)
    born = cuda.local.array(CHANNELS, float64)
    state = cuda.local.array(3, uint64)
    marks = cuda.local.array(6, int64)
    for n in range(CHANNELS):
        born[n] = 0.0
    for n in range(6):
        marks[n] = 0
    begin = thread * ROOM
    events = (keys[begin : begin + ROOM], MeV[begin : begin + ROOM], marks)
    for side in range(2):
        marks[SIDE] = 1 - 2 * side
        state[0] = key
        state[1] = 2 * pair + side
        state[2] = 0
        work = (stack, particle, born)
        decay(2 * pair + side, source, nuclide, matter, work, events, state)
    counts[thread, 0] = marks[NEXT]
    counts[thread, 1] = marks[LOST]
    for n in range(CHANNELS):
        cuda.atomic.add(emitted, n, born[n])


@cuda.jit
def add_pairs(pairs, keys, MeV, counts, weight, total, square):
    """Add the events of ``pairs`` threads to sums and variances of the sums."""
    thread = cuda.grid(1)
    if thread >= pairs:
        return
    for n in range(counts[thread, 0]):
        event = thread * ROOM + n
        at = (keys[event] // CHANNELS, keys[event] % CHANNELS)
        cuda.atomic.add(total, at, weight * MeV[event, 0])
        cuda.atomic.add(square, at, (weight * MeV[event, 1]) ** 2)


def on_device(arrays):
    """The same nested tuple with its arrays on the device."""
    if isinstance(arrays, tuple):
        return tuple(on_device(a) for a in arrays)
    return cuda.to_device(arrays) if isinstance(arrays, np.ndarray) else arrays


def follow(key, decays, source, nuclide, matter, weight, sums):
    """Add weighted decays 0 … ``decays - 1`` to sums and variances.

    Parameters
    ----------
    key, source, nuclide, matter
        As :func:`pdcraft.dosimetry.core.grid.decays` takes them; ``decays`` is even.
    weight
        Of each decay.
    sums
        (sums, variances of the sums), ``[1 + place, CHANNELS]``, on the host; changed in place.

    Returns
    -------
    emitted, lost
        Weighted energy that was emitted, and the number of deposits that found no room.
    """
    source, nuclide, matter = (on_device(a) for a in (source, nuclide, matter))
    total, square = (cuda.to_device(each) for each in sums)
    most = min(PAIRS, decays // 2)
    keys, MeV = cuda.device_array(most * ROOM, np.int64), cuda.device_array((most * ROOM, 2))
    counts = cuda.to_device(np.zeros((most, 2), np.int64))
    emitted, lost = cuda.to_device(np.zeros(CHANNELS)), 0
    for first in range(0, decays // 2, most):
        last = min(first + most, decays // 2)
        blocks = (last - first + BLOCK - 1) // BLOCK
        follow_pairs[blocks, BLOCK](
            key, first, last, source, nuclide, matter, keys, MeV, counts, emitted
        )
        lost += int(counts.copy_to_host()[: last - first, 1].sum())
        add_pairs[blocks, BLOCK](last - first, keys, MeV, counts, weight, total, square)
    total.copy_to_host(sums[0])
    square.copy_to_host(sums[1])
    return weight * emitted.copy_to_host(), lost
