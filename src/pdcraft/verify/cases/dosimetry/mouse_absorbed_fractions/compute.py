"""Absorbed fractions of the electrons of I-131 in our mouse."""

from pdcraft import library
from pdcraft.dosimetry.s_values import electron_shares


def compute() -> dict[str, float]:
    mouse = library.phantom("mouse")
    share = electron_shares(mouse, library.emissions("I-131"))
    return {n: share[mouse.target(n), mouse.source(n)] for n in ("kidneys", "liver", "spleen")}
