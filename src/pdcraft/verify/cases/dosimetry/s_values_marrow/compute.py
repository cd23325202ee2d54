"""Red marrow self-dose at 1170 g (male) and 900 g (female)."""

from pdcraft import dosimetry, library

_MASS_G = {"male": 1170.0, "female": 900.0}


def compute() -> dict[str, float]:
    held = library.parameters("dosimetry/marrow")
    found = {}
    for sex, mass in _MASS_G.items():
        body = library.phantom(f"adult_{sex}")
        t, s = body.target("red marrow"), body.source("red marrow")
        for nuclide in ("I-131", "Lu-177"):
            emitted = library.emissions(nuclide)
            share = dosimetry.marrow_self_fraction(
                emitted, library.electrons_in_water(),
                held["marrow.electron_floor"].value, held["marrow.electron_length"].value,
            )  # fmt: skip
            ratio = float(body.mass_g[t]) / mass
            photon = dosimetry.photon_s_Gy_per_MBq_h(body, emitted)[t, s]
            both = dosimetry.organ_s_Gy_per_MBq_h(body, emitted, marrow_self=share)[t, s]
            S = photon * ratio ** (2 / 3) + (both - photon) * ratio
            found[f"{nuclide} {sex}"] = float(S) * 1e3 / 3600
    return found
