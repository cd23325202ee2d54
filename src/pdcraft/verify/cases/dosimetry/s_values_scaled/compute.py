"""Self-dose S values of I-131 and Lu-177 in the adults, scaled to the masses of each reference."""

from pdcraft import dosimetry, library

_MASS_G = {
    "OLINDA, male": dict(thyroid=20, liver=1800, kidneys=310, spleen=150, lungs=1200),
    "OLINDA, female": dict(thyroid=17, liver=1400, kidneys=275, spleen=130, lungs=950),
    "ICRP 133, male": dict(thyroid=23.36, liver=2360, kidneys=422, spleen=228.4),
    "ICRP 133, female": dict(thyroid=19.46, liver=1810, kidneys=357, spleen=187.4),
}


def compute() -> dict[str, float]:
    found = {}
    for book, masses_g in _MASS_G.items():
        body = library.phantom("adult_" + book.split(", ")[1])
        for nuclide in ("I-131", "Lu-177"):
            emitted = library.emissions(nuclide)
            S = dosimetry.organ_s_Gy_per_MBq_h(body, emitted) * 1e3 / 3600
            for name, mass_g in masses_g.items():
                self_dose = float(S[body.target(name), body.source(name)])
                scale = float(body.mass_g[body.target(name)]) / mass_g
                found[f"{nuclide}, {name}, {book}"] = self_dose * scale
    return found
