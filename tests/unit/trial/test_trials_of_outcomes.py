"""Two-stage trials, randomised regimens and whole trials on patients with known outcomes."""

import numpy as np
import pytest
from scipy.stats import binom

from pdcraft.domain import InputError
from pdcraft.trial import (
    BOIN,
    BOIN12,
    DLT,
    AbstractPatients,
    Below,
    Conduct,
    Design,
    Limits,
    Outcomes,
    Poisson,
    Pool,
    Schedule,
    StopAt,
    Trial,
    TwoStage,
    TwoStageConduct,
    Utilities,
    choose_regimens,
    differences_seen,
    known_rates,
    patients_per_arm,
    simulate_trials,
)

NEVER = np.full(40_000, np.inf)
SIMON = TwoStage(r1=1, n1=10, r=5, n=29)


def responses(p, n=40_000, seed=3):
    draws = np.random.default_rng(seed)
    return np.where(draws.random(n) < p, draws.uniform(28, 112, n), np.inf)


@pytest.mark.parametrize("p", [0.1, 0.3])
def test_two_stage_trials_on_new_patients_are_those_of_simon(p):
    conduct = TwoStageConduct(SIMON, Poisson.at(4.0), assessed_by_d=112.0)
    pool = Pool(40_000, per_trial=29, seed=1)
    found = conduct.simulate(responses(p), NEVER, pool=pool, trials=1000)
    for values, exact in (
        (found.success, SIMON.succeeds(p)),
        (found.n, SIMON.expected_n(p)),
        (found.early, SIMON.early_stop(p)),
    ):
        mean, error = pool.mean(values)
        assert abs(mean - exact) <= 4 * error


def test_recruitment_is_held_until_the_first_stage_is_known():
    conduct = TwoStageConduct(SIMON, Poisson.at(4.0), assessed_by_d=112.0)
    pool = Pool(40_000, per_trial=29, seed=1)
    slow = conduct.simulate(responses(0.5), NEVER, pool=pool, trials=40)
    straight = Poisson.at(4.0).arrivals_d(29, seed=1, trial=range(40))[:, -1]
    assert np.all(slow.duration_d >= straight)


def test_who_leaves_before_has_not_responded():
    conduct = TwoStageConduct(SIMON, Poisson.at(4.0), assessed_by_d=112.0)
    pool = Pool(40_000, per_trial=29, seed=1)
    gone = conduct.simulate(responses(0.9), np.zeros(40_000), pool=pool, trials=20)
    assert not gone.success.any() and gone.early.all()


def test_the_regimen_of_largest_utility_is_chosen_where_patients_are_many():
    draws = np.random.default_rng(1).random((4000, 1))
    toxic = draws < np.array([0.05, 0.15, 0.60])
    effective = np.random.default_rng(2).random((4000, 1)) < np.array([0.10, 0.45, 0.55])
    chosen = choose_regimens(
        toxic, effective, per_arm=60, utilities=Utilities(neither=40, both=60),
        limits=Limits(0.35, 0.2), pool=Pool(4000, per_trial=180, seed=1), trials=50,
    )  # fmt: skip
    assert np.mean(chosen == 2) > 0.95 and not np.any(chosen == 3)


def test_a_randomised_trial_sees_the_variance_of_two_samples():
    a, b = np.random.default_rng(1).random((2, 20_000)) < np.array([[0.3], [0.5]])
    pool = Pool(20_000, per_trial=80, seed=1)
    seen = differences_seen(a.astype(float), b.astype(float), per_arm=40, pool=pool, trials=1000)
    assert seen.std() == pytest.approx(np.sqrt((0.21 + 0.25) / 40), rel=0.1)
    # With the size that the formula gives, 80 % of trials reject at 5 %.
    n = int(np.ceil(patients_per_arm(0.3, 0.5)))
    x, y = binom.rvs(n, [[0.3], [0.5]], size=(2, 4000), random_state=1) / n
    z = (y - x) / np.sqrt((x * (1 - x) + y * (1 - y)) / n)
    assert np.mean(z > 1.96) == pytest.approx(0.80, abs=0.03)


def test_boin12_hears_of_efficacy_and_waits_for_it():
    base = known_rates([0.05, 0.1, 0.2], patients=2000, seed=1, window_d=56.0)
    answer = np.where(np.random.default_rng(5).random((2000, 1)) < [0.1, 0.4, 0.5], 80.0, np.inf)
    outcomes = Outcomes(base.levels, base.dlt_d, 56.0, base.leaves_d, answer)
    rule = BOIN12(0.35, 0.25, Utilities(neither=40, both=60))
    conduct = Conduct(Design((rule, StopAt(18)), 3), Poisson.at(4.0), efficacy_by_d=112.0)
    found = simulate_trials({"": conduct}, outcomes, trials=40, per_trial=30, seed=1)[""]
    letters = "".join(d.outcomes for d in found.shown[0].decisions)
    assert "E" in letters and set(letters) <= set("NTEB")
    assert found.duration_d.min() > 5 * 80  # six cohorts; a response is known on day 80


class Known(AbstractPatients):
    """Patients whose toxicity depends on the dose alone."""

    def outcomes(self, dose, *, dlt, next_dose):
        rates = [min(s.total / 100, 1.0) for s in dose]
        return known_rates(rates, patients=800, seed=4, window_d=dlt.window_d)


def test_a_trial_is_put_together_from_its_parts():
    dose = tuple(Schedule(f"{a:g} mCi/m2", (a,)) for a in (12.5, 25.0, 37.5))
    dlt = DLT((Below("platelets", 25.0, for_d=7),), window_d=56.0)
    design = Design((BOIN(0.25), StopAt(18)), 3)
    trial = Trial(design, Known(), accrual=Poisson.at(2.0), dlt=dlt, dose=dose)
    found = trial.simulate(60, seed=1, per_trial=20)
    assert np.allclose(trial.outcomes.dlt_rate, [0.125, 0.25, 0.375], rtol=0, atol=0.07)
    assert found.estimate(found.chosen)[0][2] > 0.4
    with pytest.raises(InputError, match="2 schedules are given for 3 levels"):
        Trial(design, Known(), accrual=Poisson.at(2.0), dlt=dlt, dose=dose[:2])
    far = Trial(design, Known(), accrual=Poisson.at(2.0), dlt=dlt, dose=dose, stagger_d=20.0)
    apart = far.simulate(20, seed=1).duration_d
    assert np.all(apart > trial.simulate(20, seed=1).duration_d)


def test_dose_units_give_each_patient_an_activity():
    import jax.numpy as jnp

    from pdcraft.domain import Anatomy, Patient, Regions, Values
    from pdcraft.trial import Fixed, PerMass, PerSurface, Prescribed

    n = jnp.arange(3)
    space = Regions(("body",), jnp.ones((3, 1)))
    own = Values(("x",), jnp.ones((3, 1)))
    mass, surface = jnp.array([50.0, 70.0, 90.0]), jnp.array([1.5, 1.8, 2.1])
    people = Patient(n, Anatomy(space, n), mass, mass, surface, mass, own)
    assert PerSurface().activity_MBq(12.5, people, None)[1] == pytest.approx(832.5)
    assert PerMass().activity_MBq(10.0, people, None).tolist() == [500.0, 700.0, 900.0]
    assert Fixed().activity_MBq(740.0, people, None).tolist() == [740.0] * 3
    per_MBq = np.array([0.001, 0.002, 0.004])
    exact = Prescribed("red marrow").activity_MBq(2.0, people, per_MBq)
    assert exact.tolist() == [2000.0, 1000.0, 500.0]
    measured = Prescribed("red marrow", seed=1, tracer_cv=0.2).activity_MBq(2.0, people, per_MBq)
    assert not np.allclose(measured, exact) and np.allclose(measured, exact, rtol=0.8)
    with pytest.raises(InputError, match="with a tracer first"):
        Prescribed("red marrow").activity_MBq(2.0, people, None)
