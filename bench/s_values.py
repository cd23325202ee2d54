"""How long folding the tables of a body with the emissions of one nuclide takes.

The floor: each table is read once from memory (13 photon and 10 electron energies by 31 x 31
regions, 180 kB) for every line of the nuclide.
"""

from __future__ import annotations

import time

from pdcraft import library
from pdcraft.dosimetry import photon_s_Gy_per_MBq_h
from pdcraft.dosimetry.s_values import electron_shares

NUCLIDES = ("I-131", "Lu-177", "Ac-225", "Eu-152", "Y-90")
REPEATS = 5


def main() -> None:
    """Print milliseconds of CPU for each nuclide."""
    body = library.phantom("adult_male")
    for name in NUCLIDES:
        emitted = library.emissions(name)
        photon_s_Gy_per_MBq_h(body, emitted)
        begun = time.process_time()
        for _ in range(REPEATS):
            photon_s_Gy_per_MBq_h(body, emitted)
            electron_shares(body, emitted)
        spent = (time.process_time() - begun) / REPEATS
        lines = len(emitted.photon_MeV), len(emitted.electron_MeV)
        print(f"{name:8} {lines[0]:4d} photon, {lines[1]:5d} electron lines: {1e3 * spent:6.1f} ms")


if __name__ == "__main__":
    main()
