"""Y-90 in a sphere of 310 g: energy per decay, absorbed fraction, mass."""

from pdcraft import library
from pdcraft.dosimetry.sphere import ElectronSpheres, mean_electron_absorbed_fraction
from pdcraft.library.electron_data import sphere_fractions

MASS_G, GY_G_PER_MBQ_H_MEV = 310.0, 1.602176634e-13 * 1e3 * 1e6 * 3600.0


def compute() -> dict[str, float]:
    emitted, water = library.emissions("Y-90"), library.electrons_in_water()
    spheres = ElectronSpheres(*sphere_fractions())
    share = mean_electron_absorbed_fraction(emitted, MASS_G, water, spheres=spheres)
    dose_Gy = GY_G_PER_MBQ_H_MEV * float(share) * emitted.energy_MeV("electron") / MASS_G
    return {"Y-90, 310 g": 1e3 * dose_Gy}
