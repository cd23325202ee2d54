"""The example neglects the edges of the exposure, as one of a million hours does."""

import math

from pdcraft.biology import bed_constant_rate


def compute() -> dict[str, float]:
    hours = 1e6
    bed = bed_constant_rate(
        0.55, duration_h=hours, repair_half_time_h=math.log(2) / 0.46, alpha_beta_Gy=10.0
    )
    return {"40 Gy at 0.55 Gy/h BED": 40.0 * float(bed) / (0.55 * hours)}
