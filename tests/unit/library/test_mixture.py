import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain.errors import InputError
from pdcraft.dosimetry import csda_range_g_per_cm2
from pdcraft.library.electron_data import matter, stopping_powers
from pdcraft.library.mixture import estar, mixture

pytest.importorskip("star")
pytest.importorskip("xraylib")
ENERGIES = np.geomspace(1e-3, 5.0, 40)


@pytest.mark.parametrize("medium", ["water", "blood", "lung", "adipose", "cortical_bone"])
def test_a_medium_put_together_stops_electrons_as_the_shipped_one(medium):
    for ours, shipped in zip(
        estar(*matter(medium), ENERGIES), stopping_powers(medium, ENERGIES), strict=True
    ):
        assert ours == pytest.approx(shipped, rel=2e-3)  # five digits and a spline


def test_ranges_of_the_package_are_low_which_is_why_they_are_not_used():
    """If this fails the package was mended, and our own integral is no longer needed."""
    from star.electron import PredefinedMaterials, calculate_estar_table

    table = calculate_estar_table(PredefinedMaterials.WATER_LIQUID)
    at = int(np.argmin(abs(table["energy"] - 1.0)))
    ours = float(csda_range_g_per_cm2(library.electrons_in_water(), 1.0))
    assert ours == pytest.approx(0.4367, rel=0.01)
    assert table["csda_range"][at] < 0.97 * ours


def test_iodine_in_blood_shines():
    composition, density, _ = matter("blood")
    with_iodine = {Z: 0.99 * w for Z, w in composition.items()} | {53: 0.01}
    made = mixture("contrast", with_iodine, density_g_per_cm3=density, mean_excitation_eV=77.0)
    lines, chance = made.optics[5]
    assert np.any(abs(lines - 0.0285) < 3e-4)
    energy_MeV = np.exp(made.optics[0][0] + made.optics[0][1] * np.arange(len(chance)))
    above = int(np.searchsorted(energy_MeV, 0.036))
    below = int(np.searchsorted(energy_MeV, 0.032))
    assert chance[above, -1] > 0.2 > 0.03 > chance[below, -1]


@pytest.mark.parametrize(
    ("composition", "options", "message"),
    [
        ({1: 0.5, 8: 0.4}, {}, "add up to 1"),
        ({1: 0.1, 120: 0.9}, {}, "Atomic numbers"),
        ({1: 0.1, 8: 0.9}, {"density_g_per_cm3": 0.0}, "density"),
    ],
)
def test_media_that_cannot_be_are_refused(composition, options, message):
    with pytest.raises(InputError, match=message):
        mixture(
            "odd", composition,
            **{"density_g_per_cm3": 1.0, "mean_excitation_eV": 75.0, **options},
        )  # fmt: skip
