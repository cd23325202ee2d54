"""Lag, bioavailability, and several kinds of observation in one population model."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.domain.records import Records
from pdcraft.kinetics import estimation
from pdcraft.kinetics.estimation import Absorbed, PopulationModel, Theta

ORAL = {"CL": 3.0, "V": 30.0, "KA": 1.2}


def records(*rows, kind=None, value=None):
    """Rows of (time, event, amount, rate, additional, interval, steady, compartment)."""
    n = len(rows)
    t, event, amount, rate, more, interval, steady, place = np.array(rows, float).T
    zero, none = np.zeros(n), np.zeros(n, int)
    return Records(
        ("1",), none, t, event.astype(int), amount, rate, more.astype(int), interval,
        steady.astype(int), place.astype(int), zero if value is None else np.array(value, float),
        event == 0, none, zero, kind=None if kind is None else np.array(kind),
    )  # fmt: skip


def seen_at(*times):
    return [(t, 0, 0, 0, 0, 0, 0, 0) for t in times]


def model_of(structure, values, effects=("CL",)):
    n = len(effects)
    return PopulationModel(
        structure, {k: Theta(v) for k, v in values.items()}, 0.09 * np.eye(n), effects,
        ("lognormal",) * n, {"additive": 0.1}, "additive",
    )  # fmt: skip


def typical(model, data):
    steps = estimation.prepare(model, data)
    return np.asarray(estimation.typical_values(model, steps))[np.asarray(steps.is_observed)]


TIMES = seen_at(0.25, 1.0, 2.5, 4.5, 5.9, 7.0, 9.0, 13.0)


@pytest.mark.parametrize("lag", [0.0, 0.6, 2.5])
def test_a_lag_is_the_same_as_doses_that_were_given_later(lag):
    def doses(d):
        return [
            (0 + d, 1, 100, 0, 0, 0, 0, 0), (1.5 + d, 1, 40, 20, 0, 0, 0, 0),
            (2.0, 1, 50, 0, 0, 0, 0, 2), (4.0 + d, 1, 60, 30, 1, 4, 0, 0),
        ]  # fmt: skip

    late = model_of(estimation.one_compartment(oral=True), ORAL)
    both = model_of(
        Absorbed(estimation.one_compartment(oral=True), has_lag=True),
        ORAL | {"ALAG": max(lag, 1e-12)},
    )

    def ordered(rows):
        return records(*sorted(rows, key=lambda r: r[0]))

    given, moved = (ordered([*doses(d), *TIMES]) for d in (0.0, lag))
    np.testing.assert_allclose(typical(both, given), typical(late, moved), atol=1e-9)


def test_a_reset_cancels_what_has_not_come_yet():
    model = model_of(Absorbed(estimation.one_compartment(oral=True), has_lag=True),
                     ORAL | {"ALAG": 2.0})  # fmt: skip
    plain = model_of(estimation.one_compartment(oral=True), ORAL)
    with_reset = records(
        (0, 1, 100, 0, 0, 0, 0, 0), (1, 3, 0, 0, 0, 0, 0, 0), (3, 1, 50, 0, 0, 0, 0, 0),
        *seen_at(4.0, 6.0),
    )  # fmt: skip
    alone = records((5, 1, 50, 0, 0, 0, 0, 0), *seen_at(6.0))
    before, after = typical(model, with_reset)
    assert before == 0.0
    np.testing.assert_allclose(after, typical(plain, alone)[0], rtol=1e-12)


def test_the_slope_in_the_lag_is_that_of_finite_differences():
    structure = Absorbed(estimation.one_compartment(oral=True), has_lag=True, has_share=True)
    model = model_of(structure, ORAL | {"ALAG": 0.7, "F": 0.5}, effects=("ALAG", "F"))
    steps = estimation.prepare(model, records((0, 1, 100, 0, 1, 6, 0, 0), *TIMES))
    own = jax.tree.map(lambda x: x[0], steps)
    theta, _, _ = model.unpack(jnp.asarray(model.start()))
    exact = jax.jacfwd(lambda e: model.predict(theta, e, own))(jnp.zeros(2))
    for k in range(2):
        d = 1e-6 * jnp.eye(2)[k]
        difference = (model.predict(theta, d, own) - model.predict(theta, -d, own)) / 2e-6
        np.testing.assert_allclose(exact[:, k], difference, atol=1e-8)


def two_kinds(*, shared):
    """Plasma and tissue of one patient; the second effect is on one of them alone."""
    graph = estimation.Linear(
        ("plasma", "tissue"),
        ((0, None, "K", None), (1, None, "L", None)), 0, ("V", None),
        (("K", "1/time"), ("L", "1/time"), ("V", "volume"), ("W", "volume")),
        others=((1, ("W", None)),),
    )  # fmt: skip
    effects = ("K", "L") if shared else ("V", "W")
    values = {"K": 0.1, "L": 0.3, "V": 10.0, "W": 5.0}
    return PopulationModel(
        graph, {k: Theta(v) for k, v in values.items()}, np.diag([0.09, 0.2]), effects,
        ("lognormal",) * 2, {"proportional": 0.2, "tissue.additive": 0.7}, "proportional",
        kinds=(("tissue", "additive"),),
    )  # fmt: skip


DOSES = ((0, 1, 100, 0, 0, 0, 0, 1), (0, 1, 80, 0, 0, 0, 0, 2))


@pytest.mark.parametrize("method", ["foce", "focei", "laplace"])
def test_the_objective_of_two_kinds_without_a_common_effect_is_the_sum_of_theirs(method):
    both = two_kinds(shared=False)
    kind, value = [0, 0, 0, 1, 0, 1], [0, 0, 9.0, 11.0, 5.0, 4.0]
    seen = seen_at(1.0, 1.0, 5.0, 5.0)
    steps = estimation.prepare(both, records(*DOSES, *seen, kind=kind, value=value))
    joint = estimation.objective_at(both, steps, method=method)
    alone = 0.0
    for k in (0, 1):
        only = eqx.tree_at(lambda s: s.is_observed, steps, steps.is_observed & (steps.kind == k))
        # without data the other effect stays 0, and its part is ln 1
        alone += estimation.objective_at(both, only, method=method)
    assert joint == pytest.approx(alone, abs=1e-8)


def test_records_without_kinds_are_told_apart_by_their_compartment():
    model = two_kinds(shared=True)
    rows = [(t, 0, 0, 0, 0, 0, 0, place) for t in (1.0, 5.0) for place in (1, 2)]
    by_place = estimation.prepare(model, records(*DOSES, *rows))
    by_kind = estimation.prepare(
        model, records(*DOSES, *seen_at(1.0, 1.0, 5.0, 5.0), kind=[0, 0, 0, 1, 0, 1])
    )
    np.testing.assert_array_equal(by_place.kind, by_kind.kind)
    found = estimation.typical_values(model, by_place)[0, 2:]
    t = np.array([1.0, 1.0, 5.0, 5.0])
    wanted = np.where([1, 0, 1, 0], 10 * np.exp(-0.1 * t), 16 * np.exp(-0.3 * t))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_each_kind_has_its_own_error():
    model = two_kinds(shared=True)
    steps = estimation.prepare(
        model, records(*DOSES, *seen_at(1.0, 1.0), kind=[0, 0, 0, 1], value=[0, 0, 1, 1])
    )
    own = jax.tree.map(lambda x: x[0], steps)
    variance = model.variance(jnp.full(4, 3.0), model.sigma, own)
    np.testing.assert_allclose(variance[2:], [(0.2 * 3.0) ** 2, 0.7**2])
    with pytest.raises(InputError, match="measured in 2 ways"):
        replace(model, kinds=())


def test_friberg_gives_cells_and_drug_at_once():
    values = {
        "CL": 5.0, "V1": 20.0, "Q": 8.0, "V2": 60.0, "CIRC0": 5.0, "MTT": 100.0, "GAMMA": 0.2,
        "SLOPE": 0.1,
    }  # fmt: skip
    structure = estimation.Friberg(with_drug=True)
    model = PopulationModel(
        structure, {k: Theta(v) for k, v in values.items()}, np.array([[0.09]]), ("CL",),
        ("lognormal",), {"additive": 1.0, "concentration.additive": 1.0}, "additive",
        kinds=(("concentration", "additive"),),
    )  # fmt: skip
    data = records(DOSES[0], *seen_at(2.0, 2.0, 150.0), kind=[0, 1, 0, 0])
    drug, cells, later = typical(model, data)
    pk = model_of(estimation.two_compartment(), {k: values[k] for k in ("CL", "V1", "Q", "V2")})
    # the solver's relative tolerance is 1e-8
    assert drug == pytest.approx(typical(pk, records(DOSES[0], *seen_at(2.0)))[0], rel=1e-6)
    assert cells > later
