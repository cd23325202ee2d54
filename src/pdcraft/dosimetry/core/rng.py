"""Counter-based random numbers: the n-th draw of history h is a fixed function of (key, h, n).

No state travels between histories, so results are the same for any number of threads and any split
into batches. The generator is Philox2x32 with ten rounds.

References
----------
salmon2011, Sect. 3.3 (Philox) and known-answer tests of the Random123 distribution
"""

import numpy as np
from numba import njit

_MULTIPLIER = np.uint64(0xD256D193)
_WEYL = np.uint64(0x9E3779B9)
_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_TO_UNIT = 2.0**-53
_DROP = np.uint64(11)
_ONE = np.uint64(1)


@njit(cache=True, nogil=True)
def philox(low, high, key):
    """Two 32-bit words, a bijection of the counter (low, high) under ``key``; all as uint64."""
    for _ in range(10):
        product = _MULTIPLIER * low
        low = (product >> _HALF) ^ key ^ high
        high = product & _MASK
        key = (key + _WEYL) & _MASK
    return low, high


@njit(cache=True, nogil=True)
def stream(key, history):
    """Random stream of one history: the array [key, history, next draw], uint64."""
    state = np.empty(3, np.uint64)
    state[0] = key
    state[1] = history
    state[2] = 0
    return state


@njit(cache=True, nogil=True)
def uniform(state):
    """Next number of the stream, in [0, 1) with 53 random bits; advances the counter by one."""
    low, high = philox(state[2], state[1], state[0])
    state[2] = state[2] + _ONE
    return float(((high << _HALF) | low) >> _DROP) * _TO_UNIT


def key(seed: int, job: int) -> int:
    """Key of a stream family from a seed and a job number (both below 2**32).

    Parameters
    ----------
    seed, job
        Dimensionless, 0 ... 2**32 - 1. Different pairs give independent families of streams.
    """
    low, _ = philox(np.uint64(job), np.uint64(seed), np.uint64(0x5EED))
    return int(low)
