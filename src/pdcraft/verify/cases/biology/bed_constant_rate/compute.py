"""40 Gy at 0.55 Gy/h."""

import math

from pdcraft.biology import bed_constant_rate


def compute() -> dict[str, float]:
    bed = bed_constant_rate(
        0.55, duration_h=40.0 / 0.55, repair_half_time_h=math.log(2) / 0.46, alpha_beta_Gy=10.0
    )
    return {"40 Gy in 72.727 h BED": float(bed)}
