import numpy as np
import pytest

from pdcraft.domain.errors import MissingError
from pdcraft.dosimetry.core.geometry import candidates, count_regions
from pdcraft.library import phantom_names
from pdcraft.library.phantom_geometry import description, geometry, region_boxes, region_names
from pdcraft.library.phantom_tables import marrow_distribution, organ_masses_g, saf_photon

PHANTOMS = tuple(n for n in phantom_names() if n not in ("age_15", "mouse"))


@pytest.mark.parametrize("phantom", PHANTOMS)
@pytest.mark.parametrize("organ", ["liver", "thyroid", "pelvis", "heart wall"])
def test_shipped_masses_are_those_of_the_shapes(phantom, organ):
    surfaces, bodies, grid = geometry(phantom)
    names = region_names(phantom)
    box = region_boxes(phantom)[names.index(organ)]
    at = (
        box[::2, None]
        + np.random.default_rng(2).random((3, 60_000)) * (box[1::2] - box[::2])[:, None]
    )
    arrays = (surfaces, bodies, *candidates(bodies, grid), grid)
    inside = count_regions(*at, len(names), arrays)[names.index(organ)]
    volume = inside / 60_000 * (box[1::2] - box[::2]).prod()
    materials = description(phantom)["materials"]
    density = materials["skeleton" if organ == "pelvis" else "soft"]["density_g_per_cm3"]
    tolerance = 4 / np.sqrt(inside)
    assert organ_masses_g(phantom)[organ] == pytest.approx(volume * density, rel=tolerance)


@pytest.mark.parametrize("phantom", PHANTOMS)
def test_the_elements_of_each_material_add_up_to_all(phantom):
    for material in description(phantom)["materials"].values():
        assert sum(material["percent"].values()) == pytest.approx(100, abs=0.005)


@pytest.mark.parametrize("phantom", PHANTOMS)
def test_marrow_is_in_bones_and_all_of_it(phantom):
    share = marrow_distribution(phantom)
    assert sum(share.values()) == pytest.approx(1)
    assert set(share) <= set(description(phantom)["bones"]["regions"])


@pytest.mark.parametrize("phantom", PHANTOMS)
def test_tables_hold_masses_for_all_their_regions(phantom):
    sources, targets, energy_MeV, saf, sigma = saf_photon(phantom)
    assert saf.shape == sigma.shape == (len(targets), len(sources), len(energy_MeV))
    assert set(sources) | set(targets) <= set(organ_masses_g(phantom))
    assert np.all(np.diff(energy_MeV) > 0) and np.all(saf >= 0) and np.all(sigma >= 0)


@pytest.mark.parametrize("phantom", PHANTOMS)
def test_no_target_absorbs_more_than_was_emitted(phantom):
    _, targets, _, saf, sigma = saf_photon(phantom)
    mass_kg = np.array([organ_masses_g(phantom)[t] for t in targets]) / 1e3
    fraction = saf * mass_kg[:, None, None]
    keep = [i for i, t in enumerate(targets) if t != "red marrow"]
    rounding = 1e-3  # masses and values are shipped with four digits
    assert np.all(fraction[keep] <= 1 + rounding + 4 * (fraction * sigma)[keep])


@pytest.mark.parametrize("phantom", PHANTOMS)
def test_the_total_body_absorbs_what_its_parts_absorb(phantom):
    _, targets, _, saf, sigma = saf_photon(phantom)
    mass_kg = np.array([organ_masses_g(phantom)[t] for t in targets]) / 1e3
    part = [i for i, t in enumerate(targets) if t not in ("total body", "red marrow")]
    whole = targets.index("total body")
    fraction = saf * mass_kg[:, None, None]
    error = np.sqrt(((fraction * sigma)[part] ** 2).sum(0)) + 0.002 * fraction[whole]
    assert np.all(np.abs(fraction[part].sum(0) - fraction[whole]) < 4 * error)


def test_an_unknown_phantom_is_named_with_the_known_ones():
    with pytest.raises(MissingError, match="adult_female"):
        saf_photon("adult")
