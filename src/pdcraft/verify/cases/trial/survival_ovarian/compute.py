"""Days of 26 patients; a minus stands for censored."""

import numpy as np

from pdcraft.trial import log_rank

FIRST = (59, 115, 156, 431, -448, -477, 638, -803, -855, -1040, -1106, 268, 329)
SECOND = (-421, 464, 475, 563, -744, -769, -770, -1129, -1206, -1227, 353, 365, -377)


def compute() -> dict[str, float]:
    days = np.array(FIRST + SECOND, float)
    second = np.arange(len(days)) >= len(FIRST)
    return {"chi-square": log_rank(abs(days), days > 0, second).chi_square}
