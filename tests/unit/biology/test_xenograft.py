import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import (
    Complication,
    CytotoxicKill,
    GrowthDelay,
    LinearKill,
    LinearQuadratic,
    TissueDose,
    TumourVolumes,
    Xenograft,
    fit_growth,
    foresee,
    respond,
    translate_alpha,
    xenograft_mass_g,
)
from pdcraft.biology.stepping import Grid
from pdcraft.domain import (
    Amount,
    Anatomy,
    Effect,
    Exponentials,
    InputError,
    MissingError,
    NumericalError,
    Patient,
    Regions,
    Samples,
    Values,
)
from pdcraft.library import parameters

CLOCK = Samples(jnp.arange(0.0, 91.0) * 24.0)


def values_of(*paths, **changed):
    held = {k: p.value for path in paths for k, p in parameters(path).items()}
    held |= {f"xenograft.{k}": v for k, v in changed.items()}
    return Values(tuple(held), jnp.array(list(held.values())))


@pytest.fixture
def mouse():
    def make(**changed):
        body, zero = Anatomy(Regions((), jnp.zeros(0)), jnp.asarray(0)), jnp.asarray(0.0)
        values = values_of(
            "xenografts/a2780", "tissues/cytotoxic", "kinetics/paclitaxel", **changed
        )
        return Patient(jnp.asarray(0), body, zero, zero, zero, zero, values)

    return make


def drug(nmol, half_life_h=12.0):
    lam = jnp.log(2.0) / half_life_h
    return Amount(
        Regions(("tumour",), jnp.array([0.1])), ("paclitaxel",),
        Exponentials(lam[None], jnp.zeros(1), jnp.zeros(1)), jnp.full((1, 1, 1), nmol),
    )  # fmt: skip


@eqx.filter_jit
def response(mouse, dose_rate, amount=None, model=None):
    return respond((model or Xenograft(),), dose_rate, amount, mouse, CLOCK)


def volume(mouse, dose_rate, amount=None, model=None):
    return response(mouse, dose_rate, amount, model).marker("tumour volume")


def test_an_untreated_tumour_grows_as_published(mouse, make_dose_rate):
    course = volume(mouse(), make_dose_rate(tumour_Gy=0.0))
    assert course[0] == pytest.approx(100.0)
    assert course[5] / course[0] == pytest.approx(np.exp(0.273 * 5), rel=1e-4)
    assert course[60] - course[59] == pytest.approx(814.0, rel=1e-3)  # mm3 a day, once large


def test_more_dose_is_never_a_larger_tumour(mouse, make_dose_rate):
    courses = [volume(mouse(), make_dose_rate(tumour_Gy=D)) for D in (0.0, 1.0, 5.0, 20.0)]
    for less, more in itertools.pairwise(courses):
        assert (more <= less * (1 + 1e-6)).all()
    assert courses[-1].min() > 0


def test_a_dose_later_acts_later_by_as_much(mouse, make_dose_rate):
    still = mouse(growth_rate=1e-9)
    now = volume(still, make_dose_rate(tumour_Gy=5.0, half_life_h=60.0))
    later = volume(still, make_dose_rate(tumour_Gy=5.0, half_life_h=60.0, start_h=240.0))
    np.testing.assert_allclose(later[10:], now[:-10], rtol=2e-3)
    np.testing.assert_allclose(later[:10], 100.0, rtol=1e-6)


def test_growth_delay_of_a_sublethal_dose_is_its_lost_cells(mouse, make_dose_rate):
    """While growth is exponential, killing a share S of the cells costs ln(1/S)/lambda0 days."""
    slow = mouse(linear_growth=1e6, growth_rate=0.1)
    endpoint = GrowthDelay(times=20.0, limit_mm3=1e9)

    def days(D):
        effect = response(slow, make_dose_rate(tumour_Gy=D, half_life_h=6.0))
        return foresee((endpoint,), effect, slow).value[0]

    delay = float(days(4.0) - days(0.0))
    lost = 0.25 * 4.0 * (1 + 4.0 / 10.0 * 1.5 / (1.5 + 6.0))
    assert delay == pytest.approx(lost / 0.1, rel=0.02)  # dying cells are gone by then, nearly


def test_endpoints_say_what_did_not_happen(mouse, make_dose_rate):
    effect = response(mouse(), make_dose_rate(tumour_Gy=200.0))
    outcome = foresee((GrowthDelay(),), effect, mouse())
    assert outcome.happened.tolist() == [False, True, False]
    assert outcome.value[0] == 90.0 and outcome.value[1] < 100.0
    free = foresee(
        (GrowthDelay(),),
        response(mouse(), make_dose_rate(tumour_Gy=0.0)),
        mouse(),
    )
    assert free.happened.tolist() == [True, False, True]
    assert 0 < free.value[0] < free.value[2] < 20
    with pytest.raises(InputError, match="greater than 1"):
        GrowthDelay(times=1.0)


def test_drug_kills_and_saturates(mouse, make_dose_rate):
    none, model = make_dose_rate(tumour_Gy=0.0), Xenograft(drug=CytotoxicKill())
    courses = [volume(mouse(), none, drug(n), model) for n in (0.0, 1e-2, 1e3, 1e4)]
    assert all((b <= a * (1 + 1e-6)).all() for a, b in itertools.pairwise(courses))
    np.testing.assert_allclose(courses[0], volume(mouse(), none), rtol=1e-6)
    with pytest.raises(MissingError, match="docetaxel"):
        volume(mouse(), none, drug(1.0), Xenograft(drug=CytotoxicKill("docetaxel")))


def test_drug_survival_is_the_exponential_of_the_time_in_it(mouse, make_dose_rate):
    """A saturating, hardly fading drug kills cycling cells at k_max as long as it is looked at."""
    lasting = drug(1e9, half_life_h=1e9)
    model = Xenograft(drug=CytotoxicKill())
    effect = response(mouse(), make_dose_rate(tumour_Gy=0.0), lasting, model)
    hours = 90 * 24.0
    assert float(jnp.log(effect.survival[0])) == pytest.approx(-0.1 * 0.072 * hours, rel=1e-5)


def test_the_published_kill_is_linear_in_the_plasma_that_holds_as_much_free_drug(
    mouse, make_dose_rate
):
    """k2 times f C/u over the time that drug of a steady 1 nmol in 0.1 g stays."""
    none, model, hours = make_dose_rate(tumour_Gy=0.0), Xenograft(drug=LinearKill()), 90 * 24.0
    plasma = 1e4 * 0.00154 / 0.053 * 0.8539  # ng/mL
    lost = [
        -float(jnp.log(response(mouse(), none, drug(n, half_life_h=1e9), model).survival[0]))
        for n in (0.05, 0.1)
    ]
    assert lost[0] == pytest.approx(0.05 * plasma * 0.000629 / 24 * hours, rel=1e-5)
    assert lost[1] == pytest.approx(2 * lost[0], rel=1e-9)
    unknown = Values(("paclitaxel.free_fraction",), jnp.ones(1))
    with pytest.raises(MissingError, match="linear_potency"):
        LinearKill().lethal_by(drug(1.0), "tumour", unknown, Grid.over(CLOCK, 90))


def test_growth_can_be_mapped_over_mice(mouse, make_dose_rate):
    one = mouse()
    many = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), one)
    model, rate = Xenograft(), make_dose_rate()
    both = jax.jit(jax.vmap(lambda m: model.effect(rate, None, m, CLOCK).course))(many)
    np.testing.assert_allclose(both[0, 0], volume(one, rate), rtol=1e-6)


def experiment(seed, doses, animals=8, noise=0.12):
    """Volumes of A2780 with known growth and alpha, measured twice a week."""
    rng, rows = np.random.default_rng(seed), ([], [], [], [])
    days = np.arange(0.0, 43.0, 3.5)
    clock = Samples(jnp.asarray(days) * 24.0)
    grid = Grid.over(clock, 84)

    @jax.jit
    def mass_g(first, D):
        values = values_of("xenografts/a2780")
        values = Values((*values.names, "xenograft.start"), jnp.append(values.value, first))
        values = Values(
            tuple({"xenograft.mass": "_", "xenograft.start": "xenograft.mass"}.get(n, n)
                  for n in values.names), values.value,
        )  # fmt: skip
        linear, quadratic = TissueDose.exponential(D, 60.0).by(grid.time_h, 1.5)
        return xenograft_mass_g(values, -0.25 * (linear + quadratic / 10.0), grid, clock)

    for arm, D in doses.items():
        for k in range(animals):
            mass = mass_g(0.1 * np.exp(0.2 * rng.normal()), D)
            seen = 1e3 * np.asarray(mass) * np.exp(noise * rng.normal(size=days.size))
            for d, v in zip(days, seen, strict=True):
                for column, entry in zip(rows, (f"{arm}-{k}", arm, d, v), strict=True):
                    column.append(entry)
    return TumourVolumes(tuple(rows[0]), tuple(rows[1]), np.array(rows[2]), np.array(rows[3]))


def test_a_fit_finds_what_made_the_volumes_and_translates_it():
    doses = {"control": 0.0, "8 Gy": 8.0, "16 Gy": 16.0}
    arms = {n: TissueDose.exponential(D, 60.0) if D else None for n, D in doses.items()}
    fit = fit_growth(experiment(7, doses), arms, values_of("xenografts/a2780"))
    truth = {
        "xenograft.growth_rate": 0.273, "xenograft.linear_growth": 0.814, "xenograft.alpha": 0.25
    }  # fmt: skip
    for name, value in truth.items():
        low, high = fit.interval(name, 0.999)  # a fixed seed: the wide interval must hold it
        assert low < value < high
        assert high / low < 1.6, f"{name} is hardly informed"
    assert fit.residual_sd == pytest.approx(0.12, rel=0.15)
    to_man = translate_alpha(fit)
    assert to_man.median_per_Gy == fit.estimate[2] and to_man.cv > 0.5


def test_a_fit_without_irradiation_leaves_alpha_out_and_says_so():
    volumes = experiment(1, {"control": 0.0})
    fit = fit_growth(volumes, {"control": None}, values_of("xenografts/a2780"))
    assert fit.names == ("xenograft.growth_rate", "xenograft.linear_growth")
    with pytest.raises(InputError, match="no irradiated arm"):
        translate_alpha(fit)


def test_a_fit_refuses_what_cannot_be_fitted():
    few = TumourVolumes(("a", "a"), ("c", "c"), np.array([0.0, 7.0]), np.array([100.0, 200.0]))
    with pytest.raises(InputError, match="too few"):
        fit_growth(few, {"c": None}, values_of("xenografts/a2780"))
    with pytest.raises(InputError, match="has volumes and no treatment"):
        fit_growth(few, {"d": None}, values_of("xenografts/a2780"))
    exponential = TumourVolumes(
        ("a",) * 6, ("c",) * 6, np.arange(6.0), 10.0 * np.exp(0.05 * np.arange(6.0))
    )
    with pytest.raises(NumericalError, match="do not inform"):
        fit_growth(exponential, {"c": None}, values_of("xenografts/a2780"))
    growth = "xenograft.linear_growth"
    fit = fit_growth(exponential, {"c": None}, values_of("xenografts/a2780"), held=(growth,))
    assert fit.names == ("xenograft.growth_rate",)
    assert fit.estimate[0] == pytest.approx(0.05, rel=1e-4)


def test_a_complication_needs_its_organ_and_rises_with_dose(make_dose_rate):
    held = parameters("tissues/late_tolerance")
    values = Values(tuple(held), jnp.array([p.value for p in held.values()]))
    body, zero = Anatomy(Regions((), jnp.zeros(0)), jnp.asarray(0)), jnp.asarray(0.0)
    person = Patient(jnp.asarray(0), body, zero, zero, zero, zero, values)

    def risk(Gy):
        rate = make_dose_rate(tumour_Gy=Gy)
        rate = type(rate)(
            Regions(("red marrow", "kidneys"), rate.space.mass_g), rate.radiations, rate.clock,
            rate.Gy_per_h,
        )  # fmt: skip
        effect = respond((LinearQuadratic("kidneys"),), rate, None, person, CLOCK)
        return float(foresee((Complication("kidneys"),), effect, person).value[0])

    assert risk(1.0) < 0.1 < 5.0 < risk(45.0) < risk(90.0)
    xenograft = jnp.ones(1)
    effect = Effect(
        ("xenograft",), xenograft, xenograft, xenograft, (), (), CLOCK, jnp.zeros((0, 91))
    )
    with pytest.raises(InputError, match="LinearQuadratic"):
        foresee((Complication("kidneys"),), effect, person)
