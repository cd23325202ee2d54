import itertools

import pytest
from scipy.stats import binom

from pdcraft.domain import InputError
from pdcraft.trial import SingleArm, TwoStage, simon_designs


def test_the_search_finds_what_trying_everything_finds():
    p0, p1, alpha, beta, most = 0.2, 0.6, 0.1, 0.2, 16
    kept = []
    for n in range(2, most + 1):
        for n1, r in itertools.product(range(1, n), range(n)):
            for r1 in range(min(n1 - 1, r) + 1):
                design = TwoStage(r1, n1, r, n)
                if design.succeeds(p0) <= alpha and design.succeeds(p1) >= 1 - beta:
                    kept.append(design)
    found = simon_designs(p0, p1, alpha=alpha, beta=beta, most=most)
    expected = [design.expected_n(p0) for design in kept]
    assert found.optimal.expected_n(p0) == pytest.approx(min(expected))
    assert found.optimal in kept
    smallest = min(design.n for design in kept)
    assert found.minimax.n == smallest
    assert found.minimax.expected_n(p0) == pytest.approx(
        min(design.expected_n(p0) for design in kept if design.n == smallest)
    )
    for q in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0):
        best = min(q * d.n + (1 - q) * d.expected_n(p0) for d in kept)
        mine = min(q * d.n + (1 - q) * d.expected_n(p0) for d in found.admissible)
        assert mine == pytest.approx(best)


def test_probabilities_are_those_of_two_looks():
    design = TwoStage(1, 10, 5, 29)
    looks = SingleArm((10, 29), (1, 5), (11, 6)).characteristics(0.3)
    assert looks.succeeds == pytest.approx(design.succeeds(0.3))
    assert looks.expected_n == pytest.approx(design.expected_n(0.3))
    assert looks.stops_for_futility == pytest.approx(binom.cdf(1, 10, 0.3))


@pytest.mark.parametrize(
    ("n", "responses", "says"),
    [
        (9, 0, "go on: 0 of 9"),
        (10, 1, "stop: 1 of 10"),
        (10, 2, "go on: 2 of 10"),
        (20, 6, "success: 6 of 20"),
        (28, 5, "go on: 5 of 28"),
        (29, 5, "failure: 5 of 29"),
    ],
)
def test_advice_says_why(n, responses, says):
    assert TwoStage(1, 10, 5, 29).advise(n, responses).startswith(says)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: TwoStage(10, 10, 5, 29), "0 <= r1 < n1 < n"),
        (lambda: TwoStage(6, 10, 5, 29), "r1 <= r < n"),
        (lambda: TwoStage(1, 10, 5, 29).advise(30, 2), "do not fit into 29"),
        (lambda: simon_designs(0.3, 0.1, alpha=0.05, beta=0.2), "must rise within 0 to 1"),
        (lambda: simon_designs(0.1, 0.3, alpha=5.0, beta=0.2), "alpha = 5"),
        (lambda: simon_designs(0.1, 0.3, alpha=0.05, beta=0.2, most=20), "Raise most"),
    ],
)
def test_bad_input_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()
