"""I-131 in an organ of the ICRP's voxel man, by our Monte Carlo, beside the S values of ICRP 133.

    python -m scripts.compare_icrp110 FOLDER --source thyroid --decays 150000

FOLDER is the user's own, with ``AM.dat``, ``AM_organs.dat`` and ``AM_media.dat`` (ICRP Publication
110); pdcraft ships none of them. The S values were folded, apart from this package, from ICRP 133
absorbed fractions and ICRP 107 spectra. Targets of ICRP 133 hold their blood, voxels do not: dose
to the source itself is compared after scaling by mass.
"""

import argparse
from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.domain import Activity, Exponentials
from pdcraft.dosimetry import MonteCarlo
from pdcraft.library.icrp import voxel_phantom

ICRP133 = {  # I-131, adult male. mGy/(MBq s)
    "thyroid": {
        "thyroid": 1.33843e-03, "liver": 1.44698e-07, "kidney": 5.83715e-08, "spleen": 1.54345e-07,
        "brain": 1.51291e-07, "pancreas": 7.18450e-08, "lung": 9.11565e-07, "muscle": 2.48023e-07,
    },
    "liver": {"thyroid": 1.41236e-07, "liver": 1.73431e-05},
}  # fmt: skip
WITH_BLOOD_G = {"thyroid": 23.36, "liver": 2360.0}


def main() -> None:
    """Read the voxels, run, print one line for each target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", choices=list(ICRP133), default="thyroid")
    parser.add_argument("--decays", type=int, default=150_000)
    args = parser.parse_args()
    found = voxel_phantom(args.folder, "AM")
    body, media = found.body()
    mass_g, organ = body.mass_g, found.organ.reshape(-1)

    def voxels_of(word: str) -> np.ndarray:
        return np.isin(organ, [i for i, name in found.names.items() if word in name.lower()])

    MBq = np.where(voxels_of(args.source), mass_g, 0.0)
    once = Exponentials(*np.ones((3, 1)))
    activity = Activity(body.space, ("I-131",), once, (MBq / MBq.sum()).reshape(-1, 1, 1))
    engine = MonteCarlo([library.emissions("I-131")], media, decays=args.decays)
    rate, _ = engine.run(activity, body)
    dose = np.asarray(rate.Gy_per_h)[:, :, 0].sum(1) * mass_g
    spread = np.sqrt((np.asarray(rate.sigma)[:, :, 0] ** 2).sum(1)) * mass_g
    for target, published in ICRP133[args.source].items():
        inside = voxels_of(target)
        mass = WITH_BLOOD_G[target] if target == args.source else mass_g[inside].sum()
        S = dose[inside].sum() / mass / 3.6
        error = np.sqrt((spread[inside] ** 2).sum()) / mass / 3.6
        print(
            f"{target:10} <- {args.source}: {S:.3e} +- {error:.1e} mGy/(MBq s), ICRP 133 "
            f"{published:.3e} ({S / published - 1:+.1%})"
        )


if __name__ == "__main__":
    main()
