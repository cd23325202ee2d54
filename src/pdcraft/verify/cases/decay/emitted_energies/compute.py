"""Sums over the lines of `emissions`."""

from pdcraft import emissions

NUCLIDES = """
I-131 I-124 I-125 I-123 Lu-177 Y-90 Tb-161 Cu-64 Cu-67 F-18 Ac-225 Fr-221
At-217 Bi-213 Po-213 Tl-209 Pb-209 Pb-212 Bi-212 Po-212 Tl-208 At-211 Po-211 Bi-207
Ra-223 Rn-219 Po-215 Pb-211 Bi-211 Tl-207 Sm-153 Re-186 Re-188 Ho-166 Sr-89 P-32
Ga-68 Tc-99m In-111 Zr-89 Th-227 Ra-224 Rn-220 Po-216 Xe-131m Tb-149 Sc-47 Lu-177m
""".split()


def compute() -> dict[str, float]:
    return {
        f"{name} {radiation}": emissions(name).energy_MeV(radiation)
        for name in NUCLIDES
        for radiation in ("electron", "photon")
    }
