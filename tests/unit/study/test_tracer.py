"""From tracer to therapy: posterior intervals hold the truth at their stated rate."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import kinetics, library
from pdcraft.domain import InputError, MissingError, Regimen, TimeActivity
from pdcraft.study import prepare, read_study
from pdcraft.study.spec import UncertaintyTable
from pdcraft.study.tracer import therapy_doses, tracer_posterior
from pdcraft.study.tracer_calibration import TracerDesign, from_prior, measured, truth_ranks

HOURS = (4.0, 24.0, 48.0, 120.0)
REGIONS = ("plasma", "red marrow", "tumour")
GIVEN = Regimen.of([185.0], time_h=[0.0])
PLANNED = Regimen.of([3700.0], time_h=[0.0])
CV = 0.1


@pytest.fixture(scope="module")
def prepared(example):
    """The example with the small model, whose hundreds of patients take seconds."""
    study = read_study(example)
    small = study.kinetics.model_copy(update={"model": "two_pool"})
    return prepare(study.model_copy(update={"kinetics": small}))


@pytest.fixture(scope="module")
def tracer():
    return library.agent("clr124")


def ranks_of_the_truth(prepared, tracer, *, patients, claimed_cv=None):
    """Ranks of true CLR 131 integrals among posterior draws, three to a patient."""
    design = TracerDesign(REGIONS, HOURS, CV, GIVEN, PLANNED, claimed_cv)
    found = truth_ranks(prepared, design, tracer=tracer, patients=patients, integrals=REGIONS)
    return np.concatenate(list(found.values()))


def test_ninety_percent_intervals_hold_the_truth_ninety_times_of_a_hundred(prepared, tracer):
    ranks = ranks_of_the_truth(prepared, tracer, patients=60)
    inside = (ranks > 0.05) & (ranks < 0.95)
    # 180 intervals, three to a patient: three standard deviations of 60 patients are 0.116, and
    # of 180 independent ones 0.067; the bound lies between
    assert inside.mean() == pytest.approx(0.9, abs=0.09)
    assert ranks.mean() == pytest.approx(0.5, abs=0.1)
    # five bins of 36 expected: the 99.9 % point of chi-square with 4 degrees of freedom is 18.5
    count = np.histogram(ranks, np.linspace(0, 1, 6))[0]
    assert ((count - 36.0) ** 2 / 36.0).sum() < 18.5


def test_the_calibration_sees_a_posterior_that_is_too_sure(prepared, tracer):
    ranks = ranks_of_the_truth(prepared, tracer, patients=15, claimed_cv=CV / 4)
    # with errors claimed a quarter of what they are, far fewer than 81 % may lie inside
    assert ((ranks > 0.05) & (ranks < 0.95)).mean() < 0.75


def test_doses_of_the_whole_body_are_ranked_like_their_integrals(example):
    """A few patients through the river of ``pbpk``; the theory page has the numbers of many."""
    study = read_study(example)
    whole = prepare(study.model_copy(update={"uncertainty": UncertaintyTable(draws=0)}))
    regions = ("heart contents", "red marrow", "liver", "tumour")
    ranks = truth_ranks(
        whole, TracerDesign(regions, HOURS, CV, GIVEN, PLANNED), tracer=library.agent("clr124"),
        patients=3, integrals=regions[1:], doses=regions[1:],
    )  # fmt: skip
    every = np.concatenate(list(ranks.values()))
    assert every.shape == (18,)
    # a true river leaves one of ten outside; nine of eighteen, whatever hangs together, is a defect
    assert ((every > 0.05) & (every < 0.95)).sum() > 9
    # what tumour and liver emit, they absorb for the most part: of 30 patients ranks differ by 0.07
    # on average (at most 0.26), unrelated ranks would by a third
    for region in ("tumour", "liver"):
        assert np.abs(ranks[f"dose {region}"] - ranks[f"TIA {region}"]).mean() < 0.2


def test_doses_follow_and_what_is_not_measured_stays_prior(prepared, tracer):
    model, prior, plan = kinetics.TwoPool(), prepared.parameters, prepared.plan
    body = jax.tree.map(lambda leaf: leaf[0], prepared.population.draw(jnp.arange(1)))
    random = np.random.default_rng(3)
    design = TracerDesign(REGIONS, HOURS, CV, GIVEN, PLANNED)
    series = measured(model, from_prior(model, body, prior, random), design, tracer, random)
    found = tracer_posterior(
        model, body, prior, series, tracer=tracer, given=GIVEN, draws=200, seed=1
    )
    regions, dose = therapy_doses(found, model, plan.engine, therapy=plan.agent, planned=PLANNED)
    assert dose.shape == (200, len(regions))
    assert (dose[:, list(regions).index("red marrow")] > 0).all()
    assert min(found.narrowing.values()) < 0.7
    assert max(found.narrowing.values()) > 0.8
    shares = [
        replace(m, unit="1", activity=m.activity / 185.0, sigma=m.sigma / 185.0) for m in series
    ]
    again = tracer_posterior(
        model, body, prior, shares, tracer=tracer, given=GIVEN, draws=200, seed=1
    )
    assert again.draws == pytest.approx(found.draws, rel=1e-6)


def test_measurements_that_do_not_fit_the_tracer_are_refused(prepared, tracer):
    model, prior = kinetics.TwoPool(), prepared.parameters
    body = jax.tree.map(lambda leaf: leaf[0], prepared.population.draw(jnp.arange(1)))
    y = np.array([5.0])

    def ask(region="plasma", nuclide="I-124", sigma=y):
        one = TimeActivity(region, nuclide, 0.007, "MBq", np.array([4.0]), y, sigma)
        return tracer_posterior(model, body, prior, [one], tracer=tracer, given=GIVEN)

    with pytest.raises(MissingError, match="brain"):
        ask(region="brain")
    with pytest.raises(InputError, match="the tracer carries I-124"):
        ask(nuclide="I-131")
    with pytest.raises(InputError, match="have their uncertainty"):
        ask(sigma=None)
    with pytest.raises(InputError, match="No measurement"):
        tracer_posterior(model, body, prior, [], tracer=tracer, given=GIVEN)
