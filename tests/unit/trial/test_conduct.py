import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import ndtr

from pdcraft.domain import (
    Anatomy,
    Course,
    InputError,
    MissingError,
    Outcome,
    Patient,
    Regimen,
    Regions,
    Values,
)  # fmt: skip
from pdcraft.domain.random import normals
from pdcraft.trial import BOIN, Design, History, StopAt, ThreePlusThree, conduct

DOSES = (1.0, 2.0, 3.0, 4.0)


def population_of(seed, size=1_000):
    def population(start, n):
        number = jnp.arange(start, min(start + n, size))
        tolerated = 5 * ndtr(normals(seed, ["tolerance"], number)[0])
        nothing = jnp.zeros(len(number))
        anatomy = Anatomy(Regions(("body",), nothing[:, None]), nothing.astype(int))
        own = Values(("tolerated",), tolerated[:, None])
        return Patient(number, anatomy, nothing, nothing, nothing, nothing, own)

    return population


def giving(dose):
    return lambda patients: jax.vmap(
        lambda _: Regimen(jnp.zeros(1), jnp.zeros(1), jnp.full(1, dose))
    )(patients.number)


REGIMENS = tuple(map(giving, DOSES))


@jax.jit
@jax.vmap
def treat(patient, regimen):
    """A river of one line: toxicity when the dose exceeds what the patient tolerates."""
    toxic = regimen.activity_MBq[0] > patient.parameters["tolerated"]
    nothing = jnp.zeros(2)
    outcome = Outcome(
        ("progression", "dose-limiting toxicity"), ("1", "1"), nothing, nothing.astype(int),
        nothing, jnp.stack([jnp.array(False), toxic]),
    )  # fmt: skip
    return Course(None, None, None, None, outcome)


def run(design, seed=1, population=None, **other):
    given = {"regimens": REGIMENS, "is_dlt": "dose-limiting toxicity"} | other
    return conduct(design, population or population_of(seed), treat, seed, **given)


def test_the_same_seed_gives_the_same_trial():
    design = Design((BOIN(0.3), StopAt(18)), 4)
    assert run(design, seed=3) == run(design, seed=3)
    assert len({run(design, seed=seed).history for seed in range(4)}) > 1


def test_patients_arrive_in_the_same_order_whatever_the_design():
    for rules in ((ThreePlusThree("B"),), (BOIN(0.3), StopAt(12))):
        result = run(Design(rules, 4))
        seen = [number for cohort in result.cohorts for number in cohort.patients]
        assert seen == list(range(len(seen)))


def test_outcomes_are_those_of_the_patients_at_their_dose():
    result = run(Design((BOIN(0.3), StopAt(12)), 4), seed=5)
    for cohort in result.cohorts:
        tolerated = 5 * np.asarray(ndtr(normals(5, ["tolerance"], jnp.array(cohort.patients))[0]))
        expected = "".join("T" if DOSES[cohort.level - 1] > t else "N" for t in tolerated)
        assert cohort.outcomes == expected
        assert (cohort.n, cohort.dlt) == (len(expected), expected.count("T"))


def test_every_cohort_is_explained_by_the_design():
    design = Design((BOIN(0.3), StopAt(12)), 4)
    result = run(design, seed=2)
    cohorts = History.read(result.history).cohorts
    for i, cohort in enumerate(result.cohorts):
        advice = design.advise(History(cohorts[: i + 1]))
        assert (cohort.cohort, cohort.level) == (i + 1, cohorts[i].level)
        assert (cohort.decision, cohort.reason) == (advice.decision, advice.reason)
    assert result.cohorts[-1].decision == "stop"
    assert result.reason.endswith("all 12 patients of the trial are treated")
    assert result.mtd == advice.mtd and result.seed == 2


def test_an_exhausted_population_is_reported():
    design = Design((BOIN(0.3), StopAt(12)), 4)
    with pytest.raises(InputError, match=r"3 patients are needed after the first 6, 1 are left"):
        run(design, population=population_of(1, size=7))


def test_every_level_needs_a_regimen():
    with pytest.raises(InputError, match="3 regimens are given for 4 levels"):
        run(Design((ThreePlusThree("A"),), 4), regimens=REGIMENS[:3])


def test_an_unknown_event_is_refused_with_the_nearest_one():
    with pytest.raises(MissingError, match="Did you mean 'dose-limiting toxicity'"):
        run(Design((ThreePlusThree("A"),), 4), is_dlt="dose limiting toxicity")


def test_a_river_for_one_patient_is_refused():
    def one(patients, regimen):
        first = jax.tree.map(lambda x: x[:1], (patients, regimen), is_leaf=eqx.is_array)
        return treat(*first)

    with pytest.raises(InputError, match=r"wrap it in jax\.vmap"):
        conduct(
            Design((ThreePlusThree("A"),), 4), population_of(1), one, 1,
            regimens=REGIMENS, is_dlt="dose-limiting toxicity",
        )  # fmt: skip
