"""Iodide given to blood: our kinetics of ICRP 137, our phantoms, the organ masses of ICRP 133."""

from pdcraft import kinetics, library
from pdcraft.study.organ_doses import doses_from

_MASS_G = {  # with blood: male, female
    "thyroid": (23.36, 19.46), "liver": (2360, 1810), "kidneys": (422, 357), "brain": (1517, 1349),
    "spleen": (228.4, 187.4), "pancreas": (173.6, 144.6), "skin": (3468, 2423),
}  # fmt: skip
_BLOOD = {"liver": 0.1, "kidneys": 0.02, "spleen": 0.014, "red marrow": 0.04, "blood": 0.826}
_ONE_NAME = {
    "small intestine contents": "small intestine", "right colon contents": "upper large intestine "
    "contents", "left colon contents": "lower large intestine contents", "rectosigmoid contents":
    "lower large intestine contents", "other": "rest of body", "salivary glands": "rest of body",
}  # fmt: skip


def compute() -> dict[str, float]:
    rate = float(library.chain("I-131", daughters="leave").rate_per_h[0])
    held = kinetics.IodineICRP137(library.graph("iodine_icrp137")).time_integrated_h(rate)
    tia = {place: share * float(held["blood"]) for place, share in _BLOOD.items()}
    for place, hours in held.items():
        if place != "blood":
            tia[_ONE_NAME.get(place, place)] = tia.get(_ONE_NAME.get(place, place), 0.0) + hours
    found = {}
    for k, sex in enumerate(("male", "female")):
        dose = doses_from(
            "I-131", f"adult_{sex}", tia, mass_g={n: m[k] for n, m in _MASS_G.items()}
        )
        mGy = dict(zip(dose.targets, 1e3 * dose.total_Gy, strict=True))
        organs = ("thyroid", "kidneys", "skin", "liver", ("testes", "ovaries")[k])
        found |= {f"{n}, {sex}": mGy[n] for n in organs}
    return found
