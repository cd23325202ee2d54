import numpy as np

from pdcraft.dosimetry.core.rng import key, philox, stream, uniform

# Known answers of philox2x32-10: counter, key, result (Random123 distribution, kat_vectors).
KNOWN = [
    (0x00000000, 0x00000000, 0x00000000, 0xFF1DAE59, 0x6CD10DF2),
    (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x2C3F628B, 0xAB4FD7AD),
    (0x243F6A88, 0x85A308D3, 0x13198A2E, 0xDD7CE038, 0xF62A4C12),
]


def draws(k, history, n):
    state = stream(k, history)
    return np.array([uniform(state) for _ in range(n)])


def test_philox_gives_the_known_answers_of_its_authors():
    for low, high, k, low_out, high_out in KNOWN:
        out = philox(np.uint64(low), np.uint64(high), np.uint64(k))
        assert (int(out[0]), int(out[1])) == (low_out, high_out)


def test_a_history_has_the_same_numbers_whatever_was_drawn_before():
    first = draws(7, 3, 5)
    draws(7, 2, 100)
    assert np.array_equal(first, draws(7, 3, 5))


def test_histories_seeds_and_jobs_have_different_streams():
    rows = [
        draws(key(1, 0), 0, 4),
        draws(key(1, 0), 1, 4),
        draws(key(2, 0), 0, 4),
        draws(key(1, 1), 0, 4),
    ]
    assert len({tuple(row) for row in rows}) == 4


def test_numbers_are_uniform_in_the_unit_interval():
    x = np.concatenate([draws(11, h, 100) for h in range(400)])
    assert x.min() >= 0 and x.max() < 1
    counts, _ = np.histogram(x, 20, (0, 1))
    chi2 = ((counts - 2000) ** 2 / 2000).sum()
    assert chi2 < 43.8  # 19 degrees of freedom, p = 0.001


def test_numbers_of_neighbouring_histories_are_uncorrelated():
    x = np.array([draws(11, h, 50) for h in range(400)])
    r = np.corrcoef(x[:-1].ravel(), x[1:].ravel())[0, 1]
    assert abs(r) < 4 / np.sqrt(x[1:].size)
