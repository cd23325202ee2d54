"""What must hold for every dose rate, every patient and every course of counts."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdcraft.biology import (
    Level,
    TissueDose,
    blood_counts,
    has_progressed,
    myeloma_course,
    quadratic_dose_Gy2,
    response_depth,
)
from pdcraft.domain import Exponentials, Samples, Values
from pdcraft.library import read_toml

TYPICAL = {
    **read_toml("tissues", "marrow"), **read_toml("tissues", "support"),
    **read_toml("diseases", "multiple_myeloma"),
    **read_toml("species", "relapsed_myeloma_population"),
}  # fmt: skip
NAMES = tuple(name for name in TYPICAL if name != "meta")
# Transfusions undo what dose does, what is lost for good does not come back, and a drug kills too.
OFF = dict.fromkeys(
    ("support.platelets_below", "support.red_cells_below", "red marrow.lasting_loss",
     "dexamethasone.kill_rate"), 0.0,
)  # fmt: skip
ROW = jnp.array([OFF.get(name, TYPICAL[name]["value"]) for name in NAMES])
CLOCK = Samples(jnp.arange(0.0, 366.0, 2.0) * 24.0)
MODES = 4

rates = st.lists(st.floats(1e-3, 3.0), min_size=MODES, max_size=MODES)
amplitudes = st.lists(st.floats(0.0, 0.2), min_size=MODES, max_size=MODES)
starts = st.lists(st.floats(0.0, 1000.0), min_size=MODES, max_size=MODES)
doses = st.floats(0.0, 8.0)
half_lives = st.floats(1.0, 500.0)
few = settings(max_examples=25, deadline=None)


@jax.jit
def protracted(rate, start, amplitude, repair):
    modes = Exponentials(rate, start, jnp.zeros(MODES))
    return quadratic_dose_Gy2(modes, amplitude, repair_half_time_h=repair)


@jax.jit
def so_far(rate, start, duration, amplitude):
    dose = TissueDose(Exponentials(rate, start, duration), amplitude, amplitude)
    times = jnp.concatenate([jnp.linspace(0.0, 1500.0, 400), jnp.array([1e5])])
    return dose.by(times, 1.5), dose.total(1.5)


@functools.partial(jax.jit, static_argnames="steps")
def courses(row, dose, half_life, *, steps=365):
    values, given_dose = Values(NAMES, row), TissueDose.exponential(dose, half_life)
    marrow = blood_counts(values, given_dose, CLOCK, steps=steps)[:2]
    return jnp.concatenate([marrow, myeloma_course(values, given_dose, CLOCK, steps=steps)])


def jittered(seed):
    """A patient of plausible parameters."""
    return ROW * np.exp(0.25 * np.random.default_rng(seed).standard_normal(ROW.shape[0]))


@given(rate=rates, start=starts, amplitude=amplitudes, repair=st.floats(0.1, 10.0))
@settings(deadline=None)
def test_bed_is_never_below_the_dose(rate, start, amplitude, repair):
    lists = map(jnp.array, (rate, start, amplitude))
    assert protracted(*lists, repair) >= -1e-12


@given(rate=rates, amplitude=amplitudes, repair=st.floats(0.1, 10.0))
@settings(deadline=None)
def test_protraction_never_makes_a_dose_worse_than_at_once(rate, amplitude, repair):
    rate, amplitude = jnp.array(rate), jnp.array(amplitude)
    dose = float(amplitude @ (1.0 / rate))
    assert protracted(rate, jnp.zeros(MODES), amplitude, repair) <= dose**2 * (1 + 1e-9)


@given(rate=rates, start=starts, amplitude=amplitudes, shift=st.floats(0.0, 5000.0))
@settings(deadline=None)
def test_bed_does_not_depend_on_when_it_all_begins(rate, start, amplitude, shift):
    rate, start, amplitude = map(jnp.array, (rate, start, amplitude))
    now = protracted(rate, start, amplitude, 1.5)
    later = float(protracted(rate, start + shift, amplitude, 1.5))
    assert later == pytest.approx(float(now), rel=1e-6, abs=1e-12)


@given(rate=st.floats(1e-3, 3.0), amplitude=st.floats(1e-4, 0.2), gap=st.floats(0.0, 500.0))
@settings(deadline=None)
def test_two_half_doses_never_kill_more_than_one_whole(rate, amplitude, gap):
    rate = jnp.full(MODES, rate)
    whole = protracted(rate, jnp.zeros(MODES), jnp.array([amplitude, 0, 0, 0]), 1.5)
    half = jnp.array([amplitude / 2, amplitude / 2, 0, 0])
    halves = protracted(rate, jnp.array([0.0, gap, 0.0, 0.0]), half, 1.5)
    assert halves <= whole * (1 + 1e-9)


@given(rate=rates, start=starts, amplitude=amplitudes, duration=st.sampled_from([0.0, 0.5]))
@settings(deadline=None)
def test_kill_only_accumulates_and_ends_at_its_total(rate, start, amplitude, duration):
    # Infusions of one regimen do not overlap; equal starts are the same infusion.
    start = np.round(np.array(start))
    lists = (jnp.array(rate), jnp.array(start), jnp.full(MODES, duration), jnp.array(amplitude))
    (linear, quadratic), (dose, squared) = so_far(*lists)
    scale = float(dose + squared) + 1e-30
    assert (np.diff(linear) >= -1e-9 * scale).all() and (np.diff(quadratic) >= -1e-9 * scale).all()
    assert linear[-1] == pytest.approx(float(dose), rel=1e-8, abs=1e-12)
    assert quadratic[-1] == pytest.approx(float(squared), rel=1e-8, abs=1e-12)


@given(seed=st.integers(0, 10_000))
@few
def test_without_dose_there_is_no_kill(seed):
    row = jittered(seed)
    platelets, neutrophils, burden, *_ = courses(row, 0.0, 156.0)
    assert np.allclose(platelets, platelets[0], rtol=1e-8)
    assert np.allclose(neutrophils, neutrophils[0], rtol=1e-8)
    assert (np.diff(burden) >= -1e-9).all()


@given(seed=st.integers(0, 10_000), dose=doses, half_life=half_lives)
@few
def test_counts_stay_positive_and_finite(seed, dose, half_life):
    course = np.asarray(courses(jittered(seed), dose, half_life))
    assert np.isfinite(course).all() and (course > 0).all()


@given(seed=st.integers(0, 10_000), dose=st.floats(0.0, 2.5), half_life=st.floats(1.0, 200.0))
@few
def test_counts_return_to_the_baseline(seed, dose, half_life):
    row = np.asarray(ROW).copy()
    row[NAMES.index("red marrow.sensitivity")] = np.exp(
        0.3 * np.random.default_rng(seed).standard_normal()
    )
    counts = np.asarray(courses(jnp.array(row), dose, half_life))[:2]
    assert np.allclose(counts[:, -1], counts[:, 0], rtol=0.12)


@given(seed=st.integers(0, 10_000), dose=doses, more=st.floats(0.01, 4.0), half_life=half_lives)
@few
def test_more_dose_never_leaves_more(seed, dose, more, half_life):
    row = jittered(seed)
    less, much = (courses(row, d, half_life) for d in (dose, dose + more))
    assert (much[:2].min(axis=1) <= less[:2].min(axis=1) * (1 + 1e-6)).all()
    assert (much[2] <= less[2] * (1 + 1e-6)).all() and (much[3] <= less[3] * (1 + 1e-6)).all()


def test_many_patients_at_once_are_the_same_as_one_by_one():
    rows = jnp.stack([jnp.asarray(jittered(seed)) for seed in range(4)])
    doses_Gy = jnp.array([0.5, 1.0, 2.0, 4.0])
    together = jax.vmap(lambda row, dose: courses(row, dose, 100.0))(rows, doses_Gy)
    alone = jnp.stack([courses(r, d, 100.0) for r, d in zip(rows, doses_Gy, strict=True)])
    assert jnp.allclose(together, alone, rtol=1e-10)


def test_the_slope_of_the_nadir_is_the_difference_quotient():
    clock = Samples(jnp.arange(0.0, 61.0, 3.0) * 24.0)

    @jax.jit
    def nadir(dose):
        given_dose = TissueDose.exponential(dose, 100.0)
        return blood_counts(Values(NAMES, ROW), given_dose, clock, steps=60)[0].min()

    slope = float(jax.grad(nadir)(1.5))
    quotient = (nadir(1.501) - nadir(1.499)) / 0.002
    assert slope == pytest.approx(float(quotient), rel=1e-3) and slope < 0


@given(
    baseline=st.floats(5.0, 100.0), lowest=st.floats(0.05, 1.0), now=st.floats(0.0, 3.0),
    more=st.floats(0.0, 50.0),
)  # fmt: skip
@settings(deadline=None)
def test_who_has_progressed_has_progressed_at_any_higher_level(baseline, lowest, now, more):
    lowest, now = baseline * lowest, baseline * now
    if bool(has_progressed(serum_g_per_L=Level(baseline, lowest, now))):
        assert bool(has_progressed(serum_g_per_L=Level(baseline, lowest, now + more)))


@given(
    baseline=st.floats(5.0, 100.0), now=st.floats(0.0, 2.0), unit=st.sampled_from([0.1, 10.0, 1e3]),
)  # fmt: skip
@settings(deadline=None)
def test_the_depth_of_response_does_not_depend_on_the_unit_of_m_protein(baseline, now, unit):
    now = baseline * now
    one = response_depth(serum_g_per_L=Level(baseline, baseline, now))
    other = response_depth(serum_g_per_L=Level(baseline * unit, baseline * unit, now * unit))
    limits = 1.0 - np.array([0.25, 0.50, 0.90])
    if np.abs(now / baseline - limits).min() > 1e-6:
        assert int(one) == int(other)


@jax.jit
def counts_after(start_h, dose):
    modes = Exponentials(jnp.array([0.01]), start_h[None], jnp.zeros(1))
    rate = jnp.array([0.01]) * dose
    clock = Samples(jnp.arange(0.0, 201.0) * 24.0)
    return blood_counts(Values(NAMES, ROW), TissueDose(modes, rate, rate), clock, steps=200)


@given(weeks=st.integers(1, 12), dose=st.floats(0.1, 3.0))
@few
def test_a_later_dose_gives_the_same_counts_later(weeks, dose):
    days = 7 * weeks
    early, late = (np.asarray(counts_after(jnp.asarray(24.0 * d), dose)) for d in (0.0, days))
    # Between every eighth day the quadratic dose is spread with the dose: 0.2 % of BED.
    assert np.allclose(late[:4, days:], early[:4, : 201 - days], rtol=3e-3)
