"""Photon transport on arrays: random numbers, stylised geometry, photon physics, tallies.

Everything here takes arrays and scalars and returns arrays; nothing here knows organs, files or
nouns.
Read ``photon.py`` first: one history from birth to escape; then ``geometry.py`` (where is this
point?),
``rng.py`` (why results do not depend on the number of threads) and ``tally.py`` (batches, mean,
sigma). All functions also run as plain Python with ``NUMBA_DISABLE_JIT=1``.
"""
