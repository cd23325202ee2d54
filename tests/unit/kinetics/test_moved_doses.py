"""Doses that parameters move, against explicit histories of doses solved by SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

from pdcraft import library
from pdcraft.domain import InputError
from pdcraft.kinetics import estimation
from pdcraft.kinetics.estimation import Absorbed, Covariate, Objective, PopulationModel, Theta

ORAL = {"CL": 5.0, "V1": 20.0, "Q": 8.0, "V2": 60.0, "KA": 0.9}
TIMES = (0.0, 0.3, 1.7, 3.9, 6.5, 8.0, 11.3, 12.4, 19.0, 30.0)


def slope(x, rate):
    c1, c2 = x[1] / ORAL["V1"], x[2] / ORAL["V2"]
    across = ORAL["Q"] * (c1 - c2)
    return rate + np.array(
        [-ORAL["KA"] * x[0], ORAL["KA"] * x[0] - ORAL["CL"] * c1 - across, across]
    )


def solved(doses, times):
    """Concentrations after doses (time, place, amount, length); each is solved alone and added."""
    found = np.zeros(len(times))
    for begin, place, amount, length in doses:
        later = [t for t in times if t > begin]
        x, at = np.zeros(3), begin
        if length == 0:
            x[place] = amount
        for t in sorted({*later, begin + length} if length else set(later)):
            rate = np.zeros(3)
            rate[place] = amount / length if length and t <= begin + length + 1e-12 else 0.0
            if t > at:
                x = scipy.integrate.solve_ivp(
                    lambda _, y, r=rate: slope(y, r), (at, t), x, method="DOP853", rtol=1e-11,
                    atol=1e-13,
                ).y[:, -1]  # fmt: skip
            at = t
            found += np.where(np.isclose(times, t, atol=1e-12), x[1], 0.0)
    return found / ORAL["V1"]


def model_of(values, effects=("V1",), structure=None, **more):
    extra = {k: v for k, v in values.items() if k not in ORAL}
    absorbed = Absorbed(
        structure or estimation.two_compartment(oral=True),
        *(name in extra for name in ("ALAG", "F", "D", "R")),
    )
    n = len(effects)
    return PopulationModel(
        absorbed, {k: Theta(v) for k, v in values.items()}, 0.09 * np.eye(n), effects,
        ("lognormal",) * n, {"additive": 0.1}, "additive", **more,
    )  # fmt: skip


def steps_of(tmp_path, model, rows, header="TIME,EVID,AMT,RATE,ADDL,II,SS,CMT", times=TIMES):
    blank = "," * (header.count(",") - 1)
    lines = [(float(r.split(",")[0]), r) for r in rows] + [(t, f"{t},0{blank}") for t in times]
    lines.sort(key=lambda line: line[0])
    text = "\n".join([f"ID,{header},DV", *(f"1,{r},1" for _, r in lines)])
    (tmp_path / "d.csv").write_text(text, "utf-8")
    return estimation.prepare(model, library.event_records(tmp_path / "d.csv"))


def typical(model, steps):
    return np.asarray(estimation.typical_values(model, steps))[np.asarray(steps.is_observed)]


def before(count, interval, begin, *dose):
    """A dose and the many before it."""
    return [(begin - k * interval, *dose) for k in range(count + 1)]


LONG = 60  # intervals of 12 h: the slowest half-life is 11 h, what is older is below 1e-18
EVERY = {
    "modelled duration, with additional doses, into the vein": (
        {"D": 2.4}, ["0,1,100,-2,2,6,0,2"],
        [(0, 1, 100, 2.4), (6, 1, 100, 2.4), (12, 1, 100, 2.4)],
    ),
    "modelled duration longer than the interval": (
        {"D": 7.7}, ["0,1,100,-2,2,3,0,2"],
        [(0, 1, 100, 7.7), (3, 1, 100, 7.7), (6, 1, 100, 7.7)],
    ),
    "modelled duration by mouth, late and in part": (
        {"D": 3.1, "ALAG": 0.7, "F": 0.6}, ["0,1,100,-2,1,8,0,0"],
        [(0.7, 0, 60, 3.1), (8.7, 0, 60, 3.1)],
    ),
    "modelled rate by mouth, late and in part": (
        {"R": 15.0, "ALAG": 0.7, "F": 0.6}, ["0,1,100,-1,0,0,0,0", "5,1,50,0,0,0,0,0"],
        [(0.7, 0, 60, 4.0), (5.7, 0, 30, 0)],
    ),
    "modelled rate and duration in one table": (
        {"R": 15.0, "D": 5.0}, ["0,1,90,-1,0,0,0,2", "2,1,40,-2,0,0,0,1", "7,1,30,10,0,0,0,3"],
        [(0, 1, 90, 6.0), (2, 0, 40, 5.0), (7, 2, 30, 3.0)],
    ),
    "part of an infusion of a given rate": (
        {"F": 0.6}, ["0,1,100,20,1,9,0,0", "1,1,80,20,0,0,0,2"],
        [(0, 0, 60, 3.0), (9, 0, 60, 3.0), (1, 1, 80, 4.0)],
    ),
    "steady state that is late": (
        {"ALAG": 2.5}, ["0,1,100,0,1,12,1,0"],
        [*before(LONG, 12, 2.5, 0, 100, 0), (14.5, 0, 100, 0)],
    ),
    "steady state that is nearly an interval late": (
        {"ALAG": 11.5}, ["0,1,100,0,0,12,1,0"], before(LONG, 12, 11.5, 0, 100, 0),
    ),
    "steady state of late infusions that run over the beginning": (
        {"ALAG": 9.0}, ["0,1,100,20,0,12,1,0"], before(LONG, 12, 9.0, 0, 100, 5.0),
    ),
    "steady state of late infusions longer than their interval": (
        {"ALAG": 9.0}, ["0,1,150,10,0,12,1,0"], before(LONG, 12, 9.0, 0, 150, 15.0),
    ),
    "late steady state beside what was given": (
        {"ALAG": 1.5}, ["0,1,500,0,1,5,0,0", "6,1,100,0,0,12,2,0"],
        [(1.5, 0, 500, 0), (6.5, 0, 500, 0), *before(LONG, 12, 7.5, 0, 100, 0)],
    ),
    "steady state of a modelled duration": (
        {"D": 5.2}, ["0,1,100,-2,0,12,1,2"], before(LONG, 12, 0, 1, 100, 5.2),
    ),
    "steady state of a modelled duration longer than its interval, late": (
        {"D": 16.0, "ALAG": 3.0}, ["0,1,100,-2,0,12,1,0"], before(LONG, 12, 3.0, 0, 100, 16.0),
    ),
    "steady state of a modelled rate, in part": (
        {"R": 8.0, "F": 0.5}, ["0,1,100,-1,0,12,1,0"], before(LONG, 12, 0, 0, 50, 6.25),
    ),
    "steady state forgets what was late": (
        {"ALAG": 2.0}, ["0,1,900,0,0,0,0,0", "1,1,100,0,0,12,1,0"],
        before(LONG, 12, 3.0, 0, 100, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_table_of_moved_doses_is_its_history_written_out(tmp_path, name):
    values, rows, history = EVERY[name]
    model = model_of(ORAL | values)
    # a history is that of the last dose at steady state: before its record nothing is known
    times = [t for t in TIMES if t >= float(rows[-1].split(",")[0]) or "steady" not in name]
    steps = steps_of(tmp_path, model, rows, times=times)
    wanted = solved(history, np.array(times))
    # the solver's tolerance is 1e-11 a step, 60 intervals of it
    np.testing.assert_allclose(typical(model, steps), wanted, rtol=1e-8, atol=1e-9)


def test_a_reset_ends_an_infusion_of_modelled_duration(tmp_path):
    model = model_of(ORAL | {"D": 9.0})
    steps = steps_of(tmp_path, model, ["0,1,100,-2,3,6,0,2", "4,3,,,,,,", "5,1,60,-2,0,0,0,2"])
    wanted = solved([(0, 1, 100, 9.0)], np.array(TIMES))
    after = solved([(5, 1, 60, 9.0)], np.array(TIMES))
    wanted = np.where(np.array(TIMES) < 4, wanted, after)
    np.testing.assert_allclose(typical(model, steps), wanted, rtol=1e-8, atol=1e-9)


def test_a_duration_is_that_of_the_instant_of_its_dose(tmp_path):
    model = model_of(
        ORAL | {"D": 4.0, "ALAG": 0.5},
        covariates=(Covariate("D", "FED", "category", 1.0, 1.0),
                    Covariate("ALAG", "FED", "category", 1.0, 1.0)),
    )  # fmt: skip
    text = "ID,TIME,EVID,AMT,RATE,FED,DV\n1,0,1,100,-2,0,.\n1,1.7,0,.,.,1,1\n1,3,1,50,-2,1,.\n"
    text += "".join(f"1,{t},0,.,.,0,1\n" for t in (3.9, 8.0, 19.0))
    (tmp_path / "d.csv").write_text(text, "utf-8")
    records = library.event_records(tmp_path / "d.csv", covariates=("FED",))
    steps = estimation.prepare(model, records)
    wanted = solved([(0.5, 0, 100, 4.0), (4.0, 0, 50, 8.0)], np.array([1.7, 3.9, 8.0, 19.0]))
    np.testing.assert_allclose(typical(model, steps), wanted, rtol=1e-8)


@pytest.mark.parametrize("ss", [0, 1])
def test_slopes_by_lag_share_duration_and_rate_are_those_of_differences(tmp_path, ss):
    names = ("ALAG", "F", "D", "R")
    model = model_of(ORAL | {"ALAG": 7.7, "F": 0.6, "D": 5.5, "R": 20.0}, effects=names)
    rows = [f"0,1,100,-2,1,12,{ss},0", f"0,1,90,-1,0,12,{2 * ss},0"]
    steps = steps_of(tmp_path, model, rows)
    own = jax.tree.map(lambda x: x[0], steps)
    theta, _, _ = model.unpack(jnp.asarray(model.start()))
    predict = jax.jit(lambda e: model.predict(theta, e, own))
    exact = jax.jacfwd(predict)(jnp.zeros(4))
    for k in range(4):
        d = 1e-6 * jnp.eye(4)[k]
        # central differences of 1e-6: rounding of values near 5 over 2e-6
        np.testing.assert_allclose(exact[:, k], (predict(d) - predict(-d)) / 2e-6, atol=1e-8)


def test_an_observation_at_the_end_of_an_infusion_has_a_slope_from_each_side(tmp_path):
    """Where the dosed compartment is measured its slope in D jumps by the rate A / D."""
    model = model_of(ORAL | {"D": 1.0}, effects=("D",))
    steps = steps_of(tmp_path, model, ["0,1,100,-2,0,0,0,2"], times=(2.0, 5.0))
    own = jax.tree.map(lambda x: x[0], steps)

    def central(duration):
        return model.predict(
            {k: jnp.asarray(v) for k, v in ORAL.items()} | {"D": duration}, jnp.zeros(1), own
        )

    jump = np.diff(
        [np.asarray(jax.jacfwd(central)(d))[-2:] for d in (2.0 - 1e-9, 2.0 + 1e-9)], axis=0
    )
    # at 2 h the amount per volume, 100 / 2 / 20; at 5 h nothing
    np.testing.assert_allclose(np.abs(jump[0]), [100 / 2.0 / ORAL["V1"], 0.0], atol=1e-6)
    values = [np.asarray(central(d)) for d in (2.0 - 1e-9, 2.0 + 1e-9)]
    np.testing.assert_allclose(values[0], values[1], atol=1e-8)


def test_a_nonlinear_structure_takes_them_too(tmp_path):
    values = {"VM": 12.0, "KM": 1.5, "V": 25.0, "D": 3.0}
    structure = estimation.MichaelisMenten()
    model = PopulationModel(
        Absorbed(structure, has_duration=True), {k: Theta(v) for k, v in values.items()},
        np.array([[0.1]]), ("D",), ("lognormal",), {"additive": 1.0},
    )  # fmt: skip
    plain = PopulationModel(
        structure, {k: Theta(v) for k, v in values.items() if k != "D"}, np.array([[0.1]]),
        ("V",), ("lognormal",), {"additive": 1.0},
    )  # fmt: skip
    modelled = steps_of(tmp_path, model, ["0,1,90,-2,1,6,0,1"])
    given = steps_of(tmp_path, plain, ["0,1,90,30,1,6,0,1"])
    # the same problem, cut at the same instants
    np.testing.assert_allclose(typical(model, modelled), typical(plain, given), rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "row", "said"),
    [
        ({"D": 2.0}, "0,1,100,20,0,0,0,2", "Theta D is the duration of doses with RATE -2"),
        ({}, "0,1,100,-2,0,0,0,2", r"RATE -2 \(a modelled duration\): line 2"),
        ({"F": 0.5}, "0,1,100,-1,0,0,0,2", r"RATE -1 \(a modelled rate\): line 2"),
        ({"D": 2.0}, "0,1,100,-3,0,0,0,2", "line 2: RATE is negative"),
        ({"ALAG": 13.0}, "0,1,100,0,0,12,1,0", "later than their interval"),
        ({"D": 40.0}, "0,1,100,-2,0,12,1,2", "more than 3 intervals"),
        ({"ALAG": 1.0}, "0,1,0,20,0,0,1,0", "infusion that never ended"),
    ],
)  # fmt: skip
def test_what_data_and_model_do_not_share_is_refused_with_its_line(tmp_path, values, row, said):
    with pytest.raises(InputError, match=said):
        steps_of(tmp_path, model_of(ORAL | values), [row])


def test_durations_of_two_compartments_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"stands in several compartments: line 2.*line 3"):
        steps_of(tmp_path, model_of(ORAL | {"D": 2.0}),
                 ["0,1,100,-2,0,0,0,1", "0,1,100,-2,0,0,0,2"])  # fmt: skip


@pytest.mark.parametrize("method", ["fo", "focei", "laplace"])
def test_the_gradient_of_the_objective_in_the_duration_is_that_of_differences(tmp_path, method):
    model = model_of(ORAL | {"D": 3.0}, effects=("V1", "D"))
    steps = steps_of(tmp_path, model, ["0,1,100,-2,1,12,0,2"])
    objective, x = Objective(model, method), model.start()

    def total(free):
        eta = objective.modes(free, np.zeros((1, 2)), steps)
        return objective.value_and_slopes(free, eta, steps)

    exact = np.asarray(total(x)[1][0])
    for k in range(len(x)):
        d = 1e-5 * np.eye(len(x))[k]
        difference = float((total(x + d)[0] - total(x - d)[0])[0]) / 2e-5
        # objectives near 1e3, rounding over 2e-5
        assert exact[k] == pytest.approx(difference, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("seed", "at_kinks"), [(6, 0), (5, 1)])
def test_a_simulated_duration_is_found_again(tmp_path, seed, at_kinks):
    """Zero-order input of 3.2 h (CV 30 %) into one compartment, 40 patients, FOCEI.

    With the second seed one patient's infusion ends at a measurement.
    """
    random = np.random.default_rng(seed)
    times = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0)
    lines = ["ID,TIME,AMT,RATE,DV"]
    for i in range(40):
        k, length = 0.2 * np.exp(0.2 * random.normal()), 3.2 * np.exp(0.3 * random.normal())
        lines.append(f"{i},0,100,-2,.")
        for t in times:
            run = min(t, length)
            c = 100 / length / 10 / k * (1 - np.exp(-k * run)) * np.exp(-k * (t - run))
            lines.append(f"{i},{t},.,.,{c * (1 + 0.05 * random.normal())}")
    (tmp_path / "d.csv").write_text("\n".join(lines), "utf-8")
    model = PopulationModel(
        Absorbed(estimation.one_compartment(), has_duration=True),
        {"CL": Theta(3.0), "V": Theta(15.0), "D": Theta(2.0)}, np.diag([0.1, 0.1]), ("CL", "D"),
        ("lognormal",) * 2, {"proportional": 0.1}, "proportional",
    )  # fmt: skip
    steps = estimation.prepare(model, library.event_records(tmp_path / "d.csv"))
    fit = estimation.fit_population(model, steps)
    assert fit.converged
    lengths = fit["D"].value * np.exp(fit.eta[:, 1])
    gaps = np.abs(lengths[:, None] - np.array(times)).min(1)
    # modes at a kink are found to 1e-9 h; the next are 1e-3 h away
    assert (gaps < 1e-6).sum() == at_kinks
    truth = {"CL": 2.0, "V": 10.0, "D": 3.2, "omega[D,D]": 0.09, "sigma[proportional]": 0.05}
    for name, value in truth.items():
        # three standard errors: one parameter in 370 misses by chance
        assert abs(fit[name].value - value) < 3 * fit[name].standard_error, name
