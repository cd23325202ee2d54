"""Two hundred and fifty-six virtual patients; day of nadir: 4 to 7 weeks."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import norm, qmc

from pdcraft.biology import TissueDose, blood_counts
from pdcraft.domain import Samples, Values
from pdcraft.library import read_toml

OMEGA = {
    "red marrow.sensitivity": 0.4874,
    "platelets.baseline": 0.2936,
    "neutrophils.baseline": 0.3399,
}
AGENT = 0.742  # sensitivity of this agent in parts of that of all four
MEDIAN = {"red marrow.sensitivity": 1.0, "platelets.baseline": 200.0, "neutrophils.baseline": 4.0}


def typical() -> dict:
    species = read_toml("species", "relapsed_myeloma_population")
    table = {**read_toml("tissues", "marrow"), **read_toml("tissues", "support"), **species}
    return {name: row for name, row in table.items() if name != "meta"}


def compute() -> dict[str, float]:
    table = {k: v["value"] for k, v in typical().items()}
    rows = {name: np.full(256, value) for name, value in table.items()}
    z = norm.ppf(qmc.Sobol(3, seed=1).random(256))
    for k, (name, omega) in enumerate(OMEGA.items()):
        rows[name] = MEDIAN[name] * np.exp(omega * z[:, k])
    clock, dose = Samples(jnp.arange(361.0) * 12.0), TissueDose.exponential(2.0 * AGENT, 67.0)
    one = jax.jit(jax.vmap(lambda row: blood_counts(Values(tuple(rows), row), dose, clock)))
    counts = np.asarray(one(jnp.asarray(np.stack(list(rows.values()), axis=1))))
    found = {}
    for k, (line, low, least) in enumerate((("platelets", 50, 25), ("neutrophils", 1.0, 0.5))):
        nadir, days = counts[:, k].min(axis=1), (counts[:, k] < low).sum(axis=1) / 2
        found[f"{line} median nadir"] = float(np.median(nadir))
        found[f"{line} below {low}"] = float((nadir < low).mean())
        if line == "platelets":
            found[f"{line} below {least}"] = float((nadir < least).mean())
        found[f"{line} days below {low}"] = float(np.median(days[days > 0]))
        found[f"{line} day of nadir"] = float(counts[:, k].argmin(axis=1).mean() / 2)
    return found
