"""Lu-177 S values of the adult male, scaled to the masses of each reference."""

from pdcraft import dosimetry, library

OLINDA_G = {"thyroid": 20.0, "liver": 1800.0, "kidneys": 310.0, "spleen": 150.0, "lungs": 1200.0}
ICRP_G = {"thyroid": 23.36, "liver": 2360.0, "kidneys": 422.0}


def compute() -> dict[str, float]:
    body = library.phantom("adult_male")
    S = dosimetry.organ_s_Gy_per_MBq_h(body, library.emissions("Lu-177")) * 1e3 / 3600
    found = {}
    for book, masses in (("OLINDA", OLINDA_G), ("ICRP 133", ICRP_G)):
        for name, mass in masses.items():
            ours = float(body.mass_g[body.target(name)])
            self_dose = float(S[body.target(name), body.source(name)])
            found[f"{name}, {book}"] = self_dose * ours / mass
    return found
