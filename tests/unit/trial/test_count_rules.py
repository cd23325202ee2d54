import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import CountRule, DoseLimitingToxicity
from pdcraft.domain import Effect, InputError, MissingError, Samples
from pdcraft.trial import DLT, Below, Delayed, NextDose, NotRecovered, Trajectories

DAYS = np.arange(0.0, 61.0)


def courses(n=200, seed=4):
    """Counts that fall and rise, with noise that crosses limits several times."""
    draws = np.random.default_rng(seed)
    depth, nadir = draws.uniform(20, 150, (n, 1)), draws.uniform(15, 50, (n, 1))
    smooth = 160 - depth * np.exp(-(((DAYS - nadir) / 12) ** 2))
    return smooth + draws.normal(0, 12, (n, len(DAYS)))


def seen(counts, given=((0.0,),), planned=(0.0,), **others):
    given = np.broadcast_to(np.asarray(given, float), (len(counts), len(planned))).copy()
    return Trajectories(DAYS, {"platelets": counts}, np.asarray(planned), given, **others)


@pytest.mark.parametrize("for_d", [0.0, 3.0, 7.0])
def test_a_depth_rule_agrees_with_the_endpoint_of_the_river(for_d):
    counts = courses()
    endpoint = DoseLimitingToxicity((CountRule("platelets", 50.0, for_d),), 60.0)

    @jax.vmap
    def foresee(one):
        nothing = jnp.zeros(1)
        clock = Samples(jnp.asarray(DAYS * 24))
        effect = Effect(("marrow",), nothing, nothing, nothing, ("platelets",), ("1e9/L",), clock,
                        one[None])  # fmt: skip
        outcome = endpoint.foresee(effect, None)
        return jnp.where(outcome.happened[0], outcome.time_h[0] / 24, jnp.inf)

    found = Below("platelets", 50.0, for_d=for_d).day(seen(counts))
    assert 20 < np.isfinite(found).sum() < 200
    np.testing.assert_allclose(found, foresee(jnp.asarray(counts)), rtol=1e-12)


def test_recovery_is_asked_for_after_the_last_dose_that_was_given():
    counts = np.where(DAYS < 40, 60.0, 100.0)[None].repeat(2, axis=0)
    given = np.array([[0.0, 7.0], [0.0, np.inf]])
    rule = NotRecovered("platelets", 75.0, by_d=35.0)
    assert rule.day(seen(counts, given, (0.0, 7.0))).tolist() == [np.inf, 35.0]


def test_a_delay_counts_only_if_counts_were_the_reason():
    counts = np.full((3, len(DAYS)), 60.0)
    given = np.array([[0.0, 7.0], [0.0, 28.0], [0.0, np.inf]])
    rule = Delayed(by_more_than_d=14.0)
    assert rule.day(seen(counts, given, (0.0, 7.0))).tolist() == [np.inf, 21.0, 21.0]
    off = np.array([np.inf, np.inf, 9.0])  # the third progressed on day 9
    assert rule.day(seen(counts, given, (0.0, 7.0), until_d=off))[2] == np.inf


def test_the_first_rule_broken_is_named_and_late_ones_are_kept():
    counts = np.where(DAYS < 40, 100.0, 20.0)[None]
    dlt = DLT((Below("platelets", 10.0), Below("platelets", 50.0)), window_d=28.0)
    assert dlt.rule(seen(counts)).tolist() == [2]
    assert 39 < dlt.day(seen(counts))[0] < 40 and dlt.window_d == 28.0


def test_the_next_dose_waits_for_counts_and_is_withheld_after_the_latest_day():
    counts = np.stack([20.0 + 5 * DAYS, 20.0 + 2 * DAYS, np.full(len(DAYS), 200.0)])
    rule = NextDose({"platelets": 75.0}, latest_delay_d=14.0, look_every_d=7.0)
    assert rule.given_d(seen(counts), planned_d=7.0).tolist() == [14.0, np.inf, 7.0]
    gone = np.array([np.inf, np.inf, 5.0])
    assert rule.given_d(seen(counts), planned_d=7.0, until_d=gone)[2] == np.inf


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="needs the version of CTCAE"):
        Below("neutrophils", 0.5, grade=4)
    with pytest.raises(InputError, match="at least one rule"):
        DLT((), window_d=28.0)
    with pytest.raises(MissingError, match="Did you mean 'platelets'"):
        Below("platelet", 50.0).day(seen(courses(2)))
    with pytest.raises(InputError, match="one row"):
        Trajectories(DAYS, {"platelets": np.zeros((2, 3))}, np.zeros(1), np.zeros((2, 1)))
