"""Variability between occasions, against models that need no such thing."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError
from pdcraft.kinetics import estimation
from pdcraft.kinetics.estimation import (
    Absorbed,
    ExponentialSum,
    Linear,
    Objective,
    Occasions,
    PopulationModel,
    Theta,
    one_compartment,
)

TIMES = (0.5, 2.0, 5.0, 9.0, 14.0)


def table(tmp_path, lines, header="ID,TIME,EVID,AMT,CMT,DV,OCC", **more):
    (tmp_path / "d.csv").write_text("\n".join([header, *lines]), "utf-8")
    return library.event_records(tmp_path / "d.csv", covariates=("OCC",), **more)


def values(random, scale):
    return [2.0 * np.exp(-scale * t) * np.exp(0.1 * random.normal()) for t in TIMES]


def two_days(random):
    """Lines of three patients: a dose, a reset with a dose after 24 h; and one with one day."""
    lines, own = [], []
    for i in range(3):
        days = [values(random, k) for k in random.uniform(0.05, 0.3, 2)][: 1 if i == 2 else 2]
        own.append(days)
        for day, y in enumerate(days):
            event = 4 if day else 1
            lines.append(f"{i},{24 * day},{event},100,1,.,{day + 1}")
            lines += [f"{i},{24 * day + t},0,.,.,{v},{day + 1}"
                      for t, v in zip(TIMES, y, strict=True)]  # fmt: skip
    return lines, own


def occasions_model(method_error="proportional"):
    return PopulationModel(
        one_compartment(), {"CL": Theta(5.0), "V": Theta(45.0)}, np.diag([0.09, 0.04]),
        ("CL", "V"), ("lognormal",) * 2, {method_error: 0.12}, method_error,
        occasions=Occasions("OCC", {"CL": 0.06}, ("lognormal",)),
    )  # fmt: skip


@pytest.mark.parametrize("method", ["fo", "foce", "focei", "laplace"])
def test_the_objective_is_that_of_one_clearance_for_each_day_with_their_covariance(
    tmp_path, method
):
    """Two clearances in two compartments, of covariance 0.09, say the same without occasions."""
    lines, own = two_days(np.random.default_rng(4))
    records = table(tmp_path, lines)
    model = occasions_model().with_occasions(records)
    found = estimation.objective_at(model, estimation.prepare(model, records), method=method)
    graph = Linear(
        ("day 1", "day 2"), ((0, None, "CL1", "V"), (1, None, "CL2", "V")), 0, ("V", None),
        (("CL1", "volume/time"), ("CL2", "volume/time"), ("V", "volume")),
        others=((1, ("V", None)),),
    )  # fmt: skip
    omega = np.array([[0.15, 0.09, 0.0], [0.09, 0.15, 0.0], [0.0, 0.0, 0.04]])
    plain = PopulationModel(
        graph, {"CL1": Theta(5.0), "CL2": Theta(5.0), "V": Theta(45.0)}, omega,
        ("CL1", "CL2", "V"), ("lognormal",) * 3,
        {"proportional": 0.12, "day 2.proportional": 0.12}, "proportional",
        blocks=(("CL1", "CL2"),), kinds=(("day 2", "proportional"),),
    )  # fmt: skip
    again = []
    for i, days in enumerate(own):
        for day, y in enumerate(days):
            again.append(f"{i},{24 * day},1,100,{day + 1},.,1")
            again += [f"{i},{24 * day + t},0,.,{day + 1},{v},1"
                      for t, v in zip(TIMES, y, strict=True)]  # fmt: skip
    steps = estimation.prepare(plain, table(tmp_path, again))
    wanted = estimation.objective_at(plain, steps, method=method)
    # both exact; the modes are found to 1e-9 of the objective
    assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("method", ["fo", "focei", "laplace"])
def test_the_objective_of_a_linear_model_is_the_likelihood_of_a_normal_vector(tmp_path, method):
    random = np.random.default_rng(8)
    times, day = np.array([1.0, 3.0, 6.0, 25.0, 28.0, 31.0]), np.array([1, 1, 1, 2, 2, 2])
    y = random.normal(8.0, 2.0, 6)
    lines = ["1,0,1,10,1,.,1", *(f"1,{t},0,.,.,{v},{d}" for t, v, d in zip(times, y, day,
             strict=True))]  # fmt: skip
    lines.insert(4, "1,24,4,10,1,.,2")
    records = table(tmp_path, lines)
    model = PopulationModel(
        ExponentialSum(1), {"A1": Theta(1.1), "K1": Theta(0.1, fixed=True)}, np.array([[0.2]]),
        ("A1",), ("normal",), {"additive": 0.7}, "additive",
        occasions=Occasions("OCC", {"A1": 0.1}, ("normal",)),
    ).with_occasions(records)  # fmt: skip
    found = estimation.objective_at(model, estimation.prepare(model, records), method=method)
    slope = 10 * np.exp(-0.1 * (times - 24.0 * (day - 1)))
    same = day[:, None] == day
    V = np.outer(slope, slope) * (0.2 + 0.1 * same) + 0.49 * np.eye(6)
    d = y - 1.1 * slope
    wanted = np.linalg.slogdet(V)[1] + d @ np.linalg.solve(V, d)
    # linear and normal: all methods are exact
    assert found == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("method", ["fo", "foce", "focei", "laplace"])
def test_gradients_with_occasions_are_those_of_differences(tmp_path, method):
    lines, _ = two_days(np.random.default_rng(5))
    records = table(tmp_path, lines)
    model = occasions_model().with_occasions(records)
    assert model.names[-2:] == ("iov[CL]", "sigma[proportional]")
    steps = estimation.prepare(model, records)
    objective, x = Objective(model, method), model.start()

    def parts(free):
        eta = objective.modes(free, np.zeros((3, model.deviations)), steps)
        return objective.value_and_slopes(free, eta, steps)

    exact = np.asarray(parts(x)[1].sum(0))
    for k, d in enumerate(1e-4 * np.eye(len(x))):
        difference = float(parts(x + d)[0].sum() - parts(x - d)[0].sum()) / 2e-4
        # central differences: 1e-8 of a third derivative, rounding of 1e-9 over 2e-4
        assert exact[k] == pytest.approx(difference, rel=1e-5, abs=2e-5)


def test_simulated_variances_of_patients_and_occasions_are_found_again(tmp_path):
    """80 patients, three days each: CV 30 % between patients, 20 % between days, FOCEI."""
    lines = []
    for i in range(80):
        for day in range(3):
            lines.append(f"{i},{24 * day},{4 if day else 1},100,1,.,{day + 1}")
            lines += [f"{i},{24 * day + t},0,.,.,1,{day + 1}" for t in TIMES[1:]]
    records = table(tmp_path, lines)
    truth = PopulationModel(
        one_compartment(), {"CL": Theta(5.0), "V": Theta(45.0)}, np.diag([0.09, 0.04]),
        ("CL", "V"), ("lognormal",) * 2, {"proportional": 0.1}, "proportional",
        occasions=Occasions("OCC", {"CL": 0.04}, ("lognormal",)),
    ).with_occasions(records)  # fmt: skip
    steps = estimation.prepare(truth, records)
    y = estimation.simulate_values(truth, steps, draws=1, seed=3)[0]
    steps = eqx.tree_at(lambda s: s.value, steps, jnp.where(steps.is_observed, y, 0.0))
    assert truth.occasions is not None
    begin = replace(
        truth, theta={"CL": Theta(8.0), "V": Theta(30.0)}, omega=np.diag([0.2, 0.1]),
        occasions=replace(truth.occasions, variances={"CL": 0.1}),
    )  # fmt: skip
    fit = estimation.fit_population(begin, steps)
    assert fit.converged
    true = {"CL": 5.0, "V": 45.0, "omega[CL,CL]": 0.09, "omega[V,V]": 0.04, "iov[CL]": 0.04,
            "sigma[proportional]": 0.1}  # fmt: skip
    for name, value in true.items():
        # three standard errors: one parameter in 370 misses by chance
        assert abs(fit[name].value - value) < 3 * fit[name].standard_error, name
    assert fit["iov[CL]"].standard_error < 0.3 * 0.04
    left = estimation.shrinkage(fit)
    assert 0 < left["iov[CL]"] < 0.5
    was_seen, found = estimation.by_occasion(fit.model, fit.steps, fit.eta)
    assert was_seen.all()
    # the days of a patient scatter as they were simulated, less what shrinkage takes
    spread = np.log(found["CL"]).std(1, ddof=1).mean()
    assert 0.5 * 0.2 < spread < 0.2
    own = estimation.most_probable(fit.model, fit.steps)
    # a patient's own clearance is near the mean of the days (log scale)
    np.testing.assert_allclose(
        np.log(own.parameters["CL"]), np.log(found["CL"]).mean(1), atol=3 * 0.2
    )


def test_an_occasion_that_a_patient_lacks_changes_nothing(tmp_path):
    """Its deviations have their prior alone, which adds ln 1 to the objective."""
    lines, _ = two_days(np.random.default_rng(6))
    records = table(tmp_path, lines)
    model = occasions_model().with_occasions(records)
    assert model.occasions is not None
    more = replace(model, occasions=replace(model.occasions, labels=(1.0, 2.0, 7.0)))
    steps = estimation.prepare(model, records)
    for method in ("fo", "focei", "laplace"):
        one, other = (estimation.objective_at(m, steps, method=method) for m in (model, more))
        assert one == pytest.approx(other, abs=1e-8)


def test_occasions_that_cannot_be_told_are_refused(tmp_path):
    lines, _ = two_days(np.random.default_rng(7))
    records = table(tmp_path, lines)
    with pytest.raises(InputError, match="does not know the occasions"):
        estimation.prepare(occasions_model(), records)
    once = table(tmp_path, [line[:-1] + "1" for line in lines])
    with pytest.raises(InputError, match="No patient was observed on two occasions"):
        occasions_model().with_occasions(once)
    with pytest.raises(InputError, match="lognormal between patients and normal between"):
        replace(occasions_model(), occasions=Occasions("OCC", {"CL": 0.1}, ("normal",)))
    with pytest.raises(InputError, match="must be above 0"):
        Occasions("OCC", {"CL": 0.0}, ("lognormal",))


@pytest.mark.parametrize("carry", ["locf", "nocb"])
def test_a_lag_and_a_duration_of_an_occasion_hold_for_its_doses(tmp_path, carry):
    """Two days of one patient are two patients with the parameters of each."""
    days = []
    for day in (1, 2):
        days.append([f"{4 if day == 2 else 1},100,1,-2,{day}", f"0,.,.,.,{day}"])
    lines = ["1,0," + days[0][0] + ",.", *(f"1,{t},{days[0][1]},1" for t in TIMES)]
    lines += ["1,24," + days[1][0] + ",.", *(f"1,{24 + t},{days[1][1]},1" for t in TIMES)]
    records = table(tmp_path, lines, "ID,TIME,EVID,AMT,CMT,RATE,OCC,DV", carry=carry)
    value = {"CL": 5.0, "V": 45.0, "KA": 0.8, "ALAG": 0.7, "D": 2.0}
    varies = ("ALAG", "D", "KA")
    model = PopulationModel(
        Absorbed(one_compartment(oral=True), has_lag=True, has_duration=True),
        {k: Theta(v) for k, v in value.items()}, np.array([[0.09]]), ("V",), ("lognormal",),
        {"additive": 0.1},
        occasions=Occasions("OCC", dict.fromkeys(varies, 0.1), ("lognormal",) * 3),
    ).with_occasions(records)  # fmt: skip
    steps = estimation.prepare(model, records, carry=carry)
    kappa = np.array([[0.3, -0.2], [-0.5, 0.4], [0.1, 0.6]])
    eta = jnp.concatenate([jnp.zeros(1), kappa.ravel()])
    theta, _, _ = model.unpack(jnp.asarray(model.start()))
    own = jax.tree.map(lambda x: x[0], steps)
    found = np.asarray(model.predict(theta, eta, own))[np.asarray(own.is_observed)]
    alone = table(tmp_path, lines[:6], "ID,TIME,EVID,AMT,CMT,RATE,OCC,DV")
    for day in (0, 1):
        moved = {k: v * float(np.exp(kappa[varies.index(k), day])) if k in varies else v
                 for k, v in value.items()}  # fmt: skip
        plain = replace(model, theta={k: Theta(v) for k, v in moved.items()}, occasions=None)
        wanted = estimation.typical_values(plain, estimation.prepare(plain, alone))[0]
        seen = np.asarray(estimation.prepare(plain, alone).is_observed)[0]
        np.testing.assert_allclose(found[5 * day : 5 * day + 5], wanted[seen], rtol=1e-12)
