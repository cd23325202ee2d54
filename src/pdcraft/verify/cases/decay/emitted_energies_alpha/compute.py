"""Sums over the alpha and recoil lines of `emissions`."""

from pdcraft import emissions

NUCLIDES = """
Ac-225 Fr-221 At-217 Bi-213 Po-213 Bi-212 Po-212 At-211 Po-211 Ra-223 Rn-219 Po-215
Bi-211 Th-227 Ra-224 Rn-220 Po-216 Tb-149
""".split()


def compute() -> dict[str, float]:
    return {f"{name} alpha": emissions(name).energy_MeV("alpha") for name in NUCLIDES}
