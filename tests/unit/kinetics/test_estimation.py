"""Population estimation: events, structures, objectives, what is recovered, what is refused."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

from pdcraft.domain import InputError, MissingError
from pdcraft.domain.records import Records
from pdcraft.kinetics import estimation
from pdcraft.kinetics.estimation import Covariate, PopulationModel, Theta


def records(*rows, patients=1, **columns):
    """Rows of (time, event, amount, rate, additional, interval, steady, compartment)."""
    n = len(rows)
    t, event, amount, rate, more, interval, steady, place = np.array(rows, float).T
    tile = lambda x: np.tile(x, patients)  # noqa: E731
    whole = lambda x: tile(x).astype(int)  # noqa: E731
    return Records(
        tuple(str(i + 1) for i in range(patients)), np.repeat(np.arange(patients), n), tile(t),
        whole(event), tile(amount), tile(rate), whole(more), tile(interval), whole(steady),
        whole(place), tile(np.zeros(n)), tile(event == 0), whole(np.zeros(n)), tile(np.zeros(n)),
        {k: np.asarray(v, float) for k, v in columns.items()},
    )  # fmt: skip


def seen_at(*times):
    return [(t, 0, 0, 0, 0, 0, 0, 0) for t in times]


def model_of(structure, values, effects=("CL",), error="additive", **more):
    n = len(effects)
    return PopulationModel(
        structure, {k: Theta(v) for k, v in values.items()}, 0.09 * np.eye(n), tuple(effects),
        ("lognormal",) * n, {error: 0.1}, error, **more,
    )  # fmt: skip


def typical(structure, values, data):
    model = model_of(structure, values, effects=(next(iter(values)),))
    steps = estimation.prepare(model, data)
    seen = np.asarray(steps.is_observed)
    return np.asarray(estimation.typical_values(model, steps))[seen]


TWO = {"CL": 5.0, "V1": 20.0, "Q": 8.0, "V2": 60.0}
T = (0.5, 3.0, 11.0, 26.0, 50.0)


def test_two_compartments_with_infusions_follow_the_differential_equation():
    data = records((0, 1, 100, 50, 1, 24, 0, 0), *seen_at(*T))

    def slope(t, x):
        rate = 50.0 * ((0 <= t < 2) or (24 <= t < 26))
        c1, c2 = x[0] / 20, x[1] / 60
        return [rate - 5 * c1 - 8 * (c1 - c2), 8 * (c1 - c2)]

    found = scipy.integrate.solve_ivp(
        slope, (0, 50), [0, 0], t_eval=T, rtol=1e-10, atol=1e-12, max_step=0.05
    )
    assert typical(estimation.two_compartment(), TWO, data) == pytest.approx(
        found.y[0] / 20, rel=1e-7
    )


def test_steady_state_is_what_many_doses_come_to():
    structure, values = estimation.one_compartment(oral=True), {"CL": 5.0, "V": 50.0, "KA": 0.8}
    many = records((0, 1, 100, 0, 60, 12, 0, 0), *seen_at(720.5, 725.0))
    steady = records((0, 1, 100, 0, 0, 12, 1, 0), *seen_at(0.5, 5.0))
    assert typical(structure, values, steady) == pytest.approx(
        typical(structure, values, many), rel=1e-9
    )
    infused = records((0, 1, 100, 50, 60, 12, 0, 2), *seen_at(721.0, 725.0))
    settled = records((0, 1, 100, 50, 0, 12, 1, 2), *seen_at(1.0, 5.0))
    assert typical(structure, values, settled) == pytest.approx(
        typical(structure, values, infused), rel=1e-9
    )


def test_a_reset_forgets_and_evid_4_gives_again():
    structure, values = estimation.one_compartment(), {"CL": 5.0, "V": 50.0}
    data = records(
        (0, 1, 100, 10, 3, 24, 0, 0),
        *seen_at(1.0),
        (30, 4, 200, 0, 0, 0, 0, 0),
        *seen_at(32.0, 60.0),
    )
    found = typical(structure, values, data)
    # infusion of 10 per hour, then the reset also cancels what was still to come
    assert found[0] == pytest.approx(10 / 5 * (1 - np.exp(-0.1)))
    assert found[1:] == pytest.approx(4.0 * np.exp([-0.2, -3.0]))


@pytest.mark.parametrize("oral", [False, True])
def test_three_compartments_agree_with_a_matrix_exponential(oral):
    values = {"CL": 5.0, "V1": 20.0, "Q2": 8.0, "V2": 60.0, "Q3": 1.0, "V3": 200.0}
    values |= {"KA": 0.7} if oral else {}
    data = records((0, 1, 100, 0, 0, 0, 0, 0), *seen_at(0.1, 4.0, 300.0))
    found = typical(estimation.three_compartment(oral=oral), values, data)
    k = 0.05
    K = np.array([[-(5 + 8 + 1) / 20, 8 / 60, 1 / 200], [8 / 20, -8 / 60, 0], [k, 0, -1 / 200]])
    x0 = np.array([100.0, 0, 0])
    if oral:
        K = np.block([[np.array([[-0.7]]), np.zeros((1, 3))], [np.eye(3)[:, :1] * 0.7, K]])
        x0 = np.array([100.0, 0, 0, 0])
    true = [(scipy.linalg.expm(K * t) @ x0)[int(oral)] / 20 for t in (0.1, 4.0, 300.0)]
    assert found == pytest.approx(true, rel=1e-9)


def test_michaelis_menten_solves_its_implicit_equation():
    vm, km, v = 10.0, 2.0, 30.0
    data = records((0, 1, 300, 0, 0, 0, 0, 0), *seen_at(10.0, 40.0))
    c = typical(estimation.MichaelisMenten(), {"VM": vm, "KM": km, "V": v}, data)
    # KM ln(c0/c) + c0 - c = VM t / V
    assert km * np.log(10 / c) + 10 - c == pytest.approx(vm / v * np.array([10.0, 40.0]), rel=1e-6)


def test_covariates_change_when_their_record_says():
    data = records((0, 1, 100, 0, 0, 0, 0, 0), *seen_at(2.0, 4.0), WT=[70.0, 70.0, 140.0])
    effect = (Covariate("CL", "WT", "power", 70.0, 1.0),)
    model = model_of(estimation.one_compartment(), {"CL": 5.0, "V": 50.0}, covariates=effect)
    for carry, lost in (("locf", 0.4), ("nocb", 0.6)):  # rates x times to 4 h
        steps = estimation.prepare(model, data, carry=carry)
        found = np.asarray(estimation.typical_values(model, steps))[0, 2]
        assert found == pytest.approx(2.0 * np.exp(-lost))


@pytest.fixture(scope="module")
def oral():
    """Forty patients, four points each, and the model they come from."""
    data = records((0, 1, 100, 0, 0, 0, 0, 0), *seen_at(1.0, 4.0, 10.0, 24.0), patients=40)
    model = model_of(
        estimation.one_compartment(), {"CL": 4.0, "V": 40.0}, ("CL", "V"), "proportional"
    )
    steps = estimation.prepare(model, data)
    return model, steps


def with_values(steps, y):
    return eqx.tree_at(lambda s: s.value, steps, jnp.where(steps.is_observed, y, 0.0))


def test_gradients_are_those_of_the_objective(oral):
    model, steps = oral
    seen = with_values(steps, estimation.simulate_values(model, steps, draws=1, seed=3)[0])
    objective, x = estimation.Objective(model, "focei"), model.start()
    zero = np.zeros((40, 2))

    def at(x):
        return objective.value_and_slopes(x, objective.modes(x, zero, seen), seen)

    slope = np.asarray(at(x)[1]).sum(0)
    for i, d in enumerate(1e-5 * np.eye(len(x))):
        up, down = (np.asarray(at(x + s * d)[0]).sum() for s in (1, -1))
        # differences of an objective near 300 carry a rounding error of 1e-8
        assert (up - down) / 2e-5 == pytest.approx(slope[i], abs=1e-5 * (1 + abs(slope[i])))


def test_what_was_put_in_is_found_and_intervals_hold_it(oral):
    """Sixty simulated trials of 40 patients with four points each."""
    model, steps = oral
    draws = estimation.simulate_values(model, steps, draws=60, seed=7)
    true, inside, count = {"CL": 4.0, "V": 40.0}, 0, 0
    for y in draws:
        found = estimation.fit_population(model, with_values(steps, y), method="focei")
        for name, value in true.items():
            e = found[name]
            # intervals on the log scale, as the search has it
            inside += abs(np.log(e.value / value)) < 1.645 * e.standard_error / e.value
            count += 1
    # 120 intervals of 90 %: three binomial standard deviations are 0.082
    assert inside / count == pytest.approx(0.9, abs=0.082)


def test_the_sandwich_agrees_where_the_model_is_right_and_widens_where_it_is_not(oral):
    model, steps = oral
    y = np.array(estimation.simulate_values(model, steps, draws=1, seed=5)[0])
    seen = with_values(steps, y)
    plain = estimation.fit_population(model, seen, method="focei")
    robust = estimation.fit_population(model, seen, method="focei", standard_errors="sandwich")
    ratio = robust["CL"].standard_error / plain["CL"].standard_error
    assert ratio == pytest.approx(1.0, abs=0.2)
    e = robust["CL"]
    t = scipy.stats.t.ppf(0.95, 39)
    assert e.high / e.value == pytest.approx(np.exp(t * e.standard_error / e.value))
    assert e.value / e.low == pytest.approx(e.high / e.value)
    # ten patients clear three times as fast or slow: a variance that is not that of a normal
    y[:10] = np.array(
        estimation.typical_values(
            replace(model, theta={"CL": Theta(12.0), "V": Theta(40.0)}), steps
        )
    )[:10]
    odd = with_values(steps, y)
    ratios = [
        estimation.fit_population(model, odd, method="focei", standard_errors=how)[
            "omega[CL,CL]"
        ].standard_error
        for how in ("hessian", "sandwich")
    ]
    assert abs(ratios[1] / ratios[0] - 1) > 0.1


def test_diagnostics_of_the_right_model_look_right(oral):
    model, steps = oral
    seen = with_values(steps, estimation.simulate_values(model, steps, draws=1, seed=3)[0])
    fit = estimation.fit_population(model, seen, method="focei")
    errors = estimation.discrepancies(fit.model, seen, draws=300, seed=1)
    errors = errors[np.isfinite(errors)]
    # 160 values, correlated through the fit: a standard error of 0.08 and 0.06
    assert errors.mean() == pytest.approx(0.0, abs=0.25)
    assert errors.std() == pytest.approx(1.0, abs=0.2)
    white = estimation.residuals(fit).conditional
    assert np.nanstd(white) == pytest.approx(1.0, abs=0.2)
    shrunk = estimation.shrinkage(fit)
    assert set(shrunk) == {"CL", "V", "residual"}
    assert all(-0.3 < v < 0.6 for v in shrunk.values())
    check = estimation.predictive_check(fit.model, seen, draws=100, bins=4)
    low, high = check.simulated[..., 0], check.simulated[..., 2]
    assert check.count.sum() == 160
    assert ((low <= check.observed) & (check.observed <= high)).mean() > 0.6
    own = estimation.most_probable(fit.model, seen)
    assert own.eta == pytest.approx(fit.eta, abs=2e-3)
    assert (own.relative_sd["CL"] > 0).all()


def test_a_simulated_draw_does_not_depend_on_how_many_follow(oral):
    model, steps = oral
    few, many = (estimation.simulate_values(model, steps, draws=n, seed=2) for n in (1, 3))
    assert np.array_equal(np.asarray(few[0]), np.asarray(many[0]), equal_nan=True)


def test_a_censored_value_has_the_probability_of_its_side():
    """One patient, no variability to speak of: the objective is that of the normal tail."""
    data = records((0, 1, 100, 0, 0, 0, 0, 0), *seen_at(1.0, 30.0))
    data = replace(
        data, value=np.array([0.0, 2.0, 0.0]), censoring=np.array([0, 0, 1]),
        limit=np.array([0.0, 0.0, 0.15]),
    )  # fmt: skip
    model = replace(
        model_of(estimation.one_compartment(), {"CL": 5.0, "V": 50.0}), omega=np.array([[1e-8]])
    )
    steps = estimation.prepare(model, data)
    f1, f2 = 2 * np.exp(-0.1), 2 * np.exp(-3.0)
    tail = scipy.stats.norm.logcdf((0.15 - f2) / 0.1)
    true = np.log(0.01) + (2 - f1) ** 2 / 0.01 - 2 * tail
    found = estimation.objective_at(model, steps, method="laplace")
    assert found == pytest.approx(true, abs=1e-4)
    between = replace(data, bound=np.array([np.nan, np.nan, 0.05]))
    found = estimation.objective_at(model, estimation.prepare(model, between), method="laplace")
    inside = np.diff(scipy.stats.norm.cdf((np.array([0.05, 0.15]) - f2) / 0.1))[0]
    assert found == pytest.approx(true + 2 * tail - 2 * np.log(inside), abs=1e-4)
    with pytest.raises(InputError, match="Use 'laplace'"):
        estimation.objective_at(model, steps, method="focei")


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"theta": {"CL": Theta(1.0)}}, InputError, "needs parameter V"),
        ({"theta": {"CL": Theta(1.0), "V": Theta(1.0), "VV": Theta(1.0)}}, MissingError, "VV"),
        ({"omega": np.array([[-1.0]])}, InputError, "positive definite"),
        ({"sigma": {"proportional": 0.1}}, InputError, "needs sigma additive"),
        ({"error": "none"}, MissingError, "Error model"),
        ({"shapes": ("gamma",)}, InputError, "one of lognormal"),
        ({"effects": ("KA",)}, MissingError, "KA"),
    ],
)
def test_a_model_that_cannot_be_is_refused(change, error, said):
    good = {
        "structure": estimation.one_compartment(), "theta": {"CL": Theta(1.0), "V": Theta(1.0)},
        "omega": np.array([[0.1]]), "effects": ("CL",), "shapes": ("lognormal",),
        "sigma": {"additive": 0.1},
    }  # fmt: skip
    with pytest.raises(error, match=said):
        PopulationModel(**(good | change))


def test_too_few_observations_and_impossible_compartments_are_refused():
    model = model_of(estimation.one_compartment(), {"CL": 5.0, "V": 50.0})
    steps = estimation.prepare(model, records((0, 1, 100, 0, 0, 0, 0, 0), *seen_at(1.0)))
    with pytest.raises(InputError, match="1 observations cannot determine 4 parameters"):
        estimation.fit_population(model, steps)
    with pytest.raises(InputError, match="compartment 3 does not exist"):
        estimation.prepare(model, records((0, 1, 100, 0, 0, 0, 0, 3), *seen_at(1.0)))
    with pytest.raises(InputError, match="observation of compartment 2"):
        two = [(t, 0, 0, 0, 0, 0, 0, place) for t, place in ((1, 1), (2, 2))]
        estimation.prepare(model, records((0, 1, 100, 0, 0, 0, 0, 1), *two))
    with pytest.raises(InputError, match="no observation"):
        estimation.prepare(model, records((0, 1, 100, 0, 0, 0, 0, 1)))
    with pytest.raises(InputError, match=r"Negative values: record 2 \(patient 1\)"):
        growing = model_of(
            estimation.one_compartment(), {"CL": 5.0, "V": 50.0}, error="proportional"
        )
        low = records((0, 1, 100, 0, 0, 0, 0, 0), *seen_at(1.0))
        estimation.prepare(growing, replace(low, value=np.array([0.0, -0.1])))
    with pytest.raises(InputError, match="covariate 'WT'"):
        weighted = replace(model, covariates=(Covariate("CL", "WT", "power", 70.0, 0.75),))
        estimation.prepare(weighted, records((0, 1, 1, 0, 0, 0, 0, 1), *seen_at(1.0)))


def test_nuts_agrees_with_the_closed_form_of_a_linear_model():
    """One value per patient, normal effect: the mean's posterior is a weighted mean."""
    pytest.importorskip("numpyro")
    data = records((0, 1, 1, 0, 0, 0, 0, 0), *seen_at(0.0), patients=8)
    y = np.array([1.1, 0.9, 1.3, 0.7, 1.2, 1.0, 0.8, 1.4])
    data = replace(data, value=np.column_stack([np.zeros(8), y]).ravel())
    model = PopulationModel(
        estimation.ExponentialSum(1),
        {"A1": Theta(0.5, positive=False), "K1": Theta(1.0, fixed=True)},
        np.array([[0.04]]), ("A1",), ("normal",), {"additive": 0.1},
        fixed=frozenset({"omega.A1", "sigma.additive"}),
    )  # fmt: skip
    found = estimation.sample_population(
        model, estimation.prepare(model, data), warmup=150, draws=400, chains=1, seed=4
    )
    precision = 8 / (0.04 + 0.01) + 1.0
    mean = (y.sum() / 0.05 + 0.5) / precision
    sd = precision**-0.5
    # four standard errors of the chain
    assert found.free.mean() == pytest.approx(mean, abs=4 * sd / found.effective.min() ** 0.5)
    assert found.free.std() == pytest.approx(sd, rel=0.25)
    assert found.divergences == 0
