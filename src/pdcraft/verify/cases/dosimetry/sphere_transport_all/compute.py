"""Absorbed energy per decay, as the engine's energy closure says it."""

from pdcraft import library
from pdcraft.dosimetry import ElectronSpheres, PhotonSpheres, build_sphere


def compute() -> dict[str, float]:
    found = {}
    for nuclide in ("I-131", "Lu-177"):
        engine = build_sphere(
            [library.emissions(nuclide)],
            ElectronSpheres(*library.sphere_fractions()),
            PhotonSpheres(*library.photon_sphere_fractions()),
            stopping=library.electrons_in_water(),
            alpha_stopping=library.alphas_in_water(),
        )
        found[f"{nuclide}, 20.0 g"] = engine.energy_closure(20.0)["absorbed"]
    return found
