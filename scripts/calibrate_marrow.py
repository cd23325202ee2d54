"""Calibrate the marrow model on counts after 131I-tositumomab; print what goes into the library.

Run: ``python scripts/calibrate_marrow.py``. Takes under a minute. The targets are those of the
prescribing information (bexxar2012label, Table 6, n = 230); the marrow dose of the regimen, its
half-life and the baseline counts are assumptions and stand first below. The result is written by
hand into ``src/pdcraft/library/tissues/marrow.toml``; the residuals go into docs/theory/biology.md.
"""

from __future__ import annotations

import pathlib
import tomllib

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import least_squares
from scipy.stats import norm, qmc

jax.config.update("jax_enable_x64", True)

from pdcraft import biology  # noqa: E402
from pdcraft.domain import Samples, Values  # noqa: E402

MARROW_DOSE_Gy = 2.0  # assumption: marrow dose of a regimen of 75 cGy total-body dose
HALF_LIFE_h = 67.0  # assumption: effective half-life of 131I-tositumomab in marrow
BASELINE = {"platelets": (200.0, 0.30), "neutrophils": (4.0, 0.35)}  # assumption: 1e9/L, CV
FEEDBACK = (0.19, 0.25)  # prior of the feedback exponent: within the range of chemotherapy models
PATIENTS = 256

# lineage -> (upper limit for "low", for "very low"; median nadir; fractions; days below "low")
TARGETS = {
    "platelets": dict(low=50.0, very_low=25.0, nadir=43.0, f_low=0.53, f_very_low=0.21, days=32.0),
    "neutrophils": dict(low=1.0, very_low=0.5, nadir=0.69, f_low=0.63, f_very_low=0.25, days=31.0),
}
NADIR_DAY = (38.5, 3.5)  # "4-7 weeks": centre, and a third of the half width
FRACTION_SD = 0.033  # binomial, n = 230

FITTED = (
    "platelets.alpha", "platelets.renewal_rate", "platelets.feedback",
    "neutrophils.alpha", "neutrophils.renewal_rate", "neutrophils.feedback", "neutrophils.delay",
    "sensitivity cv",
)  # fmt: skip
START = np.array([1.0, 0.006, 0.19, 0.8, 0.006, 0.19, 250.0, 0.5])

CLOCK = Samples(jnp.arange(0.0, 180.5, 0.5) * 24.0)
LIBRARY = pathlib.Path(biology.__file__).parents[1] / "library" / "tissues" / "marrow.toml"


def population(fitted: np.ndarray) -> jnp.ndarray:
    """Platelets and neutrophils of the virtual patients. 1e9/L, ``[patient, lineage, time]``."""
    table = tomllib.loads(LIBRARY.read_text())
    values = {name: entry["value"] for name, entry in table.items() if name != "meta"}
    given = dict(zip(FITTED, fitted, strict=True))
    cv = given.pop("sensitivity cv")
    values.update(given)
    z = norm.ppf(qmc.Sobol(3, seed=1).random(PATIENTS))
    rows = np.tile(list(values.values()), (PATIENTS, 1))
    names = tuple(values)
    rows[:, names.index("red marrow.sensitivity")] = np.exp(omega(cv) * z[:, 0])
    for k, (line, (median, spread)) in enumerate(BASELINE.items()):
        rows[:, names.index(f"{line}.baseline")] = median * np.exp(omega(spread) * z[:, 1 + k])
    return courses(names, jnp.asarray(rows))


@eqx.filter_jit
def courses(names: tuple[str, ...], rows: jnp.ndarray) -> jnp.ndarray:
    """Counts of one patient per row."""
    dose = biology.TissueDose.exponential(MARROW_DOSE_Gy, HALF_LIFE_h)
    return jax.vmap(lambda row: biology.blood_counts(Values(names, row), dose, CLOCK))(rows)


def omega(cv: float) -> float:
    """Standard deviation of the logarithm."""
    return float(np.sqrt(np.log1p(cv**2)))


def summary(counts: np.ndarray, target: dict) -> dict[str, float]:
    """The numbers of the label, from simulated counts ``[patient, time]``."""
    day = np.asarray(CLOCK.time_h) / 24
    nadir = np.sort(counts.min(axis=1))
    rank = (np.arange(nadir.size) + 0.5) / nadir.size
    below = counts < target["low"]
    days = below.sum(axis=1) * (day[1] - day[0])
    return {
        "nadir": float(np.median(nadir)),
        "f_low": float(np.interp(np.log(target["low"]), np.log(nadir), rank)),
        "f_very_low": float(np.interp(np.log(target["very_low"]), np.log(nadir), rank)),
        "days": float(np.median(days[days > 0])) if (days > 0).any() else 0.0,
        "nadir day": float(np.mean(day[counts.argmin(axis=1)])),
    }


def residuals(log_fitted: np.ndarray) -> np.ndarray:
    """Differences from the label in units of their uncertainty, and from the prior of feedback."""
    fitted = np.exp(log_fitted)
    counts = np.asarray(population(fitted))
    out = []
    for k, (line, target) in enumerate(TARGETS.items()):
        got = summary(counts[:, k], target)
        out += [
            np.log(got["nadir"] / target["nadir"]) / 0.08,
            (got["f_low"] - target["f_low"]) / FRACTION_SD,
            (got["f_very_low"] - target["f_very_low"]) / FRACTION_SD,
            np.log(max(got["days"], 1.0) / target["days"]) / 0.12,
            (got["nadir day"] - NADIR_DAY[0]) / NADIR_DAY[1],
            np.log(fitted[FITTED.index(f"{line}.feedback")] / FEEDBACK[0]) / FEEDBACK[1],
        ]
    return np.array(out)


def main() -> None:
    """Fit, then print parameters and residuals."""
    fit = least_squares(
        residuals, np.log(START), diff_step=0.02, x_scale=0.3, max_nfev=40, verbose=0
    )
    fitted = np.exp(fit.x)
    print(f"sum of squares {2 * fit.cost:.3f} after {fit.nfev} evaluations")
    for name, value in zip(FITTED, fitted, strict=True):
        print(f"{name:28s} {value:.6g}")
    counts = np.asarray(population(fitted))
    for k, (line, target) in enumerate(TARGETS.items()):
        got = summary(counts[:, k], target)
        for what, value in got.items():
            print(f"{line:12s} {what:12s} model {value:8.3f}  label {target.get(what, 38.5):8.3f}")


if __name__ == "__main__":
    main()
