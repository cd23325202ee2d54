"""One compartment for the sensitiser, then the kill."""

import math

from pdcraft.biology import sensitised_surviving_fraction


def compute() -> dict[str, float]:
    left = math.exp(-0.21011834 / 6.0) / 9.506615
    return {
        f"killed with {dose} mg/kg": 100.0 * (1.0 - float(sensitised_surviving_fraction(
            2.0, dose * left, alpha_per_Gy=0.08, alpha_beta_Gy=10.0, synergy_mL_per_ug=0.45
        )))
        for dose in (10, 50, 200)
    }  # fmt: skip
