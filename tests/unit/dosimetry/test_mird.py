"""The MIRD engine: any source region, the rest of the body, marrow and nests, lesions."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import Activity, Anatomy, InputError, MissingError, Regions, Samples
from pdcraft.domain.agent import Emissions
from pdcraft.dosimetry import (
    ElectronSpheres,
    Mird,
    PhotonSpheres,
    build_mird,
    mean_electron_absorbed_fraction,
    mean_photon_absorbed_fraction,
)
from pdcraft.dosimetry.mird import WALLS

SPHERES = ElectronSpheres(*library.sphere_fractions())
PHOTONS = PhotonSpheres(*library.photon_sphere_fractions())
WATER = library.electrons_in_water()


def engine_for(*nuclides: str, local: bool = False) -> Mird:
    """Engine for both adults; ``local``: electrons stay in their source."""
    bodies = [library.phantom(n) for n in library.PHANTOMS]
    if local:
        bodies = [replace(b, electron_MeV=None, electron_fraction=None) for b in bodies]
    return build_mird(
        bodies,
        [library.emissions(n) for n in nuclides],
        WATER, marrow_floor=0.356, marrow_length_g_per_cm2=0.0152, nest_mass_g=0.01,
        spheres=SPHERES, photon_spheres=PHOTONS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Mird:
    return engine_for("I-131")


@pytest.fixture(scope="module")
def local_engine() -> Mird:
    return engine_for("I-131", local=True)


def man(engine: Mird, *, tumour: float = 0.3, **lesions_g: float) -> Anatomy:
    """The reference man, ``tumour`` of his marrow being myeloma."""
    mass = engine.reference_g[0]
    at = engine.places.index("red marrow")
    sick = mass[at] * tumour
    mass = jnp.concatenate([mass.at[at].add(-sick), sick[None], jnp.array([*lesions_g.values()])])
    names = (*engine.places, *(n.replace("_", " ") for n in lesions_g))
    return Anatomy(Regions(names, mass), jnp.asarray(0))


TWO_POOL = (
    "plasma", "tissue", "red marrow", "tumour", "iodide", "thyroid",
    "urinary bladder contents", "excreta",
)  # fmt: skip


@pytest.mark.parametrize(
    ("target", "source", "photon", "electron"),
    [
        ("red marrow", "plasma", 1.1027031e-06, 0),
        ("liver", "tissue", 1.28780429e-06, 1.52963464e-06),
        ("total body", "iodide", 1.07476992e-06, 1.50158364e-06),
        ("thyroid", "thyroid", 0.000368772758, 0.00534796296),
        ("urinary bladder wall", "urinary bladder contents", 5.53982856e-05, 0.000262588281),
        ("kidneys", "red marrow", 2.08077937e-06, 0),
        ("thyroid", "plasma", 1.06452794e-06, 0),
        ("tumour", "plasma", 1.1027031e-06, 0),
    ],
)
def test_the_two_pool_sources_give_what_the_first_engine_gave(
    local_engine, target, source, photon, electron
):
    # Computed with the engine that knew only these sources and kept electrons in them; they must
    # not move (1e-8: digits kept).
    engine = local_engine
    body = man(engine)
    S = engine.s_Gy_per_MBq_h(TWO_POOL, body)[body.space.index(target), TWO_POOL.index(source), 0]
    assert S[:2].tolist() == pytest.approx([photon, electron], rel=1e-8, abs=1e-20)


def test_every_region_of_the_phantom_can_be_a_source_and_its_electrons_are_not_lost(engine):
    body = man(engine)
    alone = [n for n in engine.regions if n not in WALLS.values()]
    for name in alone:
        closure = engine.energy_closure([name], body)[0, 0]
        lost = 0.06 if name in ("skin", "breasts", "testes") else 0.003  # through the skin
        assert 1.0 - lost < float(closure[1]) < 1.002  # five digits of each mass
        assert 0.01 < float(closure[0]) < 0.75
        assert np.isnan(float(closure[2]))  # no alphas


def test_a_wall_gets_half_of_its_contents_dose_beside_what_the_contents_keep(engine):
    body = man(engine)
    for wall, contents in WALLS.items():
        S = engine.s_Gy_per_MBq_h([contents], body)[:, 0, 0, 1]
        held = engine.electron_share[0, engine.places.index(contents)]
        S = S.at[body.space.index(contents)].divide(float(held[engine.regions.index(contents), 0]))
        assert float(S[body.space.index(wall)] / S[body.space.index(contents)]) == pytest.approx(
            0.5
        )


@pytest.mark.parametrize(
    "named", [[], ["liver"], ["red marrow", "tumour"], ["skeleton"], ["skeleton", "red marrow"]]
)
def test_the_rest_of_the_body_is_the_body_less_what_has_activity_of_its_own(engine, named):
    """Even activity in the body is the sum of its parts, whichever regions are named."""
    body = man(engine)
    inside = {"red marrow", "tumour"} if "skeleton" in named else set()
    sources = [*named, "rest of body"]
    S = engine.s_Gy_per_MBq_h(sources, body)
    apart = [n for n in named if n not in inside or n == "skeleton"]
    mass = {n: float(body.space.mass_g[body.space.index(n)]) for n in apart}
    whole = float(body.space.mass_g[body.space.index("total body")])
    weight = {n: mass.get(n, 0.0) / whole for n in sources}
    weight["rest of body"] = 1.0 - sum(mass.values()) / whole
    even = sum(weight[n] * S[:, k] for k, n in enumerate(sources))
    expected = engine.s_Gy_per_MBq_h(["total body"], body)[:, 0]
    for target in ("liver", "spleen", "muscle", "skeleton", "total body"):
        t = body.space.index(target)
        for radiation in (0, 1):
            # photons: self-dose scaling of named regions is 1 in the reference man
            assert float(even[t, 0, radiation]) == pytest.approx(
                float(expected[t, 0, radiation]), rel=2e-3
            )


def test_alphas_of_the_whole_chain_stay_where_the_nuclide_is():
    chain = library.chain("Ac-225")
    engine = engine_for(*chain.nuclides)
    body = man(engine)
    closure = engine.energy_closure(["kidneys"], body)[0]
    emits = np.asarray(engine.emitted_MeV)[:, 2] > 0
    assert emits.sum() >= 4
    assert np.allclose(np.asarray(closure)[emits, 2], 1.0, rtol=1e-6)


def test_a_lesion_keeps_what_a_sphere_of_its_mass_keeps(engine):
    body = man(engine, lesion_1=1.0, lesion_2=20.0)
    S = np.asarray(engine.s_Gy_per_MBq_h(["lesion 1", "lesion 2"], body)[:, :, 0])
    emitted = library.emissions("I-131")
    for k, mass in enumerate((1.0, 20.0)):
        electron = mean_electron_absorbed_fraction(emitted, mass, WATER, spheres=SPHERES)
        photon = mean_photon_absorbed_fraction(emitted, mass, PHOTONS)
        expected = [
            0.5767643 * float(f) * emitted.energy_MeV(r) / mass
            for f, r in ((photon, "photon"), (electron, "electron"))
        ]
        # 3e-3: the engine interpolates its own table in ln(mass)
        assert S[body.space.index(f"lesion {k + 1}"), k, :2].tolist() == pytest.approx(
            expected, rel=3e-3
        )
    organs = [body.space.index(n) for n in ("liver", "red marrow", "tumour")]
    assert np.all(S[organs, :, 1:] == 0.0)


def test_a_lesion_with_a_site_gets_and_gives_photons_as_its_site_does(engine):
    body = man(engine, lesion_1_in_liver=5.0, lesion_2=5.0)
    sources = ["kidneys", "lesion 1 in liver", "lesion 2", "liver"]
    S = np.asarray(engine.s_Gy_per_MBq_h(sources, body)[:, :, 0])
    sigma = np.asarray(engine.sigma_Gy_per_MBq_h(sources, body)[:, :, 0])
    sited, free, liver, lungs, whole = (
        body.space.index(n)
        for n in ("lesion 1 in liver", "lesion 2", "liver", "lungs", "total body")
    )
    assert S[sited, 0, 0] == S[liver, 0, 0] > 1.3 * S[free, 0, 0] == 1.3 * S[whole, 0, 0]
    assert sigma[sited, 0, 0] == sigma[liver, 0, 0] > 0.0 == sigma[free, 0, 0]
    assert S[lungs, 1, 0] == S[lungs, 3, 0] > 0.0 == S[lungs, 2, 0]
    assert S[sited, 1].tolist() == pytest.approx(S[free, 2].tolist())
    assert sigma[sited, 1, 0] == 0.0
    with pytest.raises(MissingError, match="Did you mean 'liver'"):
        engine.s_Gy_per_MBq_h(["kidneys"], man(engine, lesion_in_livr=5.0))


def test_dose_to_a_lesion_can_be_differentiated_with_respect_to_its_mass(engine):
    def dose(mass_g):
        body = man(engine, lesion=mass_g)
        return engine.s_Gy_per_MBq_h(["lesion"], body)[-1, 0].sum()

    slope = jax.grad(dose)(5.0)
    assert float(slope) == pytest.approx(float((dose(5.05) - dose(4.95)) / 0.1), rel=1e-3)
    assert np.all(np.isfinite(jax.vmap(dose)(jnp.array([0.1, 1.0, 100.0]))))


def test_masses_scale_self_dose_of_electrons_by_1_and_of_photons_by_2_thirds(engine):
    body, at = man(engine), engine.places.index("kidneys")
    double = Anatomy(Regions(engine.places, body.space.mass_g.at[at].multiply(2.0)), body.sex)
    a, b = (engine.s_Gy_per_MBq_h(["kidneys"], who)[at, 0, 0] for who in (body, double))
    assert (a / b)[:2].tolist() == pytest.approx([2 ** (2 / 3), 2.0])


def test_wrong_names_suggest_the_near_ones(engine):
    with pytest.raises(MissingError, match="Did you mean 'kidneys'"):
        engine.s_Gy_per_MBq_h(["kidney"], man(engine))
    with pytest.raises(InputError, match="has no mass"):
        engine.s_Gy_per_MBq_h(["lesion 3"], man(engine))
    with pytest.raises(InputError, match="in its order"):
        body = man(engine)
        engine.s_Gy_per_MBq_h(
            ["liver"], Anatomy(Regions(("liver",), body.space.mass_g[:1]), body.sex)
        )


def test_other_nuclides_and_nuclides_without_radiation_are_refused(engine):
    body = man(engine)
    clock = Samples(jnp.array([0.0, 1.0]))
    activity = Activity(
        Regions(("liver",), jnp.array([1800.0])), ("Lu-177",), clock, jnp.ones((1, 1, 2))
    )
    with pytest.raises(InputError, match="built for I-131"):
        engine.dose_rate(activity, body)
    nothing = jnp.zeros(0)
    silent = Emissions("Xx-1", nothing, nothing, nothing, nothing, nothing, nothing)
    with pytest.raises(InputError, match="emits no radiation"):
        build_mird(
            [library.phantom("adult_male")], [silent], WATER, marrow_floor=0.4,
            marrow_length_g_per_cm2=0.02, nest_mass_g=0.01, spheres=SPHERES,
            photon_spheres=PHOTONS,
        )  # fmt: skip
