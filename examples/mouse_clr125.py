"""CLR 125 (I-125) in a mouse with a xenograft: the same model as in man, in the body of a mouse.

Run it: ``python examples/mouse_clr125.py``.
"""

import sys

from pdcraft import kinetics, library

XENOGRAFT = {"lesion 1.mass": 0.2, "lesion.perfusion": 0.5, "kidneys.filtration": 0.25}


def main() -> dict[str, float]:
    """Print time-integrated concentrations by region; returns them (h/g, per unit injected)."""
    mouse = library.physiology("mouse")
    model = kinetics.PBPK((mouse,), library.graph("iodine_icrp137"), lesions=1)
    who = kinetics.subject(mouse, library.parameters("kinetics/clr1404_pbpk"), XENOGRAFT)
    decay = float(library.chain("I-125").rate_per_h[0])
    held_h = model.transform_h(who, decay)[0].sum(axis=-1)
    grams = {r: m for r, m in zip(mouse.regions, mouse.mass_g, strict=True) if r == "red marrow"}
    grams |= {n: mouse.mass_g[mouse.tissues.index(n)] for n in ("liver", "kidneys", "brain")}
    grams["lesion 1"] = XENOGRAFT["lesion 1.mass"]
    found = {n: float(held_h[model.places.index(n)]) / g for n, g in grams.items()}
    for region, value in found.items():
        sys.stdout.write(f"{region:12s} {value:8.2f} h/g\n")
    return found


if __name__ == "__main__":
    main()
