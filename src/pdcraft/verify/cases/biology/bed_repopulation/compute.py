"""When growth overtakes the kill, and what is left of the BED."""

import math

from pdcraft.biology import bed_net_Gy, effective_treatment_h

ALPHA, DOUBLING_h, DOSE_Gy, HALF_LIFE_h = 0.35, 40.0 * 24.0, 20.0, 156.0


def compute() -> dict[str, float]:
    end = effective_treatment_h(
        DOSE_Gy, effective_half_life_h=HALF_LIFE_h, alpha_per_Gy=ALPHA, doubling_time_h=DOUBLING_h
    )
    given = DOSE_Gy * (1.0 - math.exp(-math.log(2) * float(end) / HALF_LIFE_h))
    net = bed_net_Gy(given, alpha_per_Gy=ALPHA, growth_h=end, doubling_time_h=DOUBLING_h)
    return {"end of effective treatment": float(end) / 24.0, "net BED": float(net)}
