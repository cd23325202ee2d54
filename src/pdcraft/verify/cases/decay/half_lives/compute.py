"""Half-lives from the decay constants of `chain`, in the printed unit."""

import math

from pdcraft import chain
from pdcraft.domain.units import read_quantity

IN_UNIT = {
    "s": "At-217 Po-213 Po-212 Po-211 Rn-219 Po-215 Rn-220 Po-216",
    "min": "F-18 Fr-221 Bi-213 Tl-209 Bi-212 Tl-208 Pb-211 Bi-211 Tl-207 Ga-68",
    "h": "I-123 Y-90 Cu-64 Cu-67 Pb-209 Pb-212 At-211 Sm-153 Re-188 Ho-166 Tc-99m Zr-89 Tb-149",
    "d": "I-131 I-124 I-125 Lu-177 Tb-161 Ac-225 Ra-223 Re-186 Sr-89 P-32 "
    "In-111 Th-227 Ra-224 Xe-131m Sc-47 Lu-177m",
    "y": "Bi-207",
}  # fmt: skip


def compute() -> dict[str, float]:
    return {
        name: math.log(2) / float(chain(name).rate_per_h[0]) / read_quantity(f"1 {unit}", "time")
        for unit, names in IN_UNIT.items()
        for name in names.split()
    }
