"""Coverage of intervals from CLR 124 to CLR 131 through the whole body: integrals and doses.

``python -m scripts.rank_tracer --patients 800 --seed 5`` draws patients of the phase I example,
measures blood, marrow, liver and tumour four times with 10 % error after 185 MBq, and prints the
share of truths in 90 % intervals with its binomial error, and a chi-square of ten bins of ranks (9
degrees of freedom). The theory page *estimation* pools this with 1,600 patients of seed 6. With
``--typical-unknown`` patients are drawn from, and fitted with, what is believed of a new one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.domain import Regimen
from pdcraft.study import prepare, read_study
from pdcraft.study.spec import UncertaintyTable
from pdcraft.study.tracer_calibration import TracerDesign, truth_ranks

EXAMPLE = Path(__file__).parents[1] / "examples/clr131_myeloma_phase1.toml"
DESIGN = TracerDesign(
    ("heart contents", "red marrow", "liver", "tumour"), (4.0, 24.0, 48.0, 120.0), 0.1,
    Regimen.of([185.0], time_h=[0.0]), Regimen.of([3700.0], time_h=[0.0]),
)  # fmt: skip


def main() -> None:
    """Print one line for each quantity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=800)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--typical-unknown", action="store_true")
    asked = parser.parse_args()
    n = asked.patients
    known = UncertaintyTable(draws=0)
    prepared = prepare(read_study(EXAMPLE).model_copy(update={"uncertainty": known}))
    ranks = truth_ranks(
        prepared, DESIGN, tracer=library.agent("clr124"), patients=n,
        integrals=("red marrow", "liver", "tumour"),
        doses=("red marrow", "liver", "kidneys", "thyroid", "tumour"),
        typical_known=not asked.typical_unknown, seed=asked.seed,
    )  # fmt: skip
    error = np.sqrt(0.09 / n)
    for name, rank in ranks.items():
        inside = ((rank > 0.05) & (rank < 0.95)).mean()
        count = np.histogram(rank, np.linspace(0.0, 1.0, 11))[0]
        chi = ((count - n / 10) ** 2 / (n / 10)).sum()
        print(f"{name:16s} {inside:.3f} +- {error:.3f}  mean {rank.mean():.3f}  chi2 {chi:.1f}")


if __name__ == "__main__":
    main()
