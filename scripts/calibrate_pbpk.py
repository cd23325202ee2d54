"""Posterior of the whole-body model of CLR1404 given what was published of it in men and mice.

``python -m scripts.calibrate_pbpk`` prints how much the data narrow every parameter; with
``--write`` it puts the posterior's mode into ``library/kinetics/clr1404_pbpk.toml``, mode, width
and covariance into ``clr1404_pbpk_laplace.csv``, and draws into ``clr1404_pbpk_posterior.csv``.

Widths and covariance are Laplace's: a normal distribution of transformed parameters (log, logit or
as they are) around the mode, with the precision of the prior and of the linearised data,

    precision = 1/prior_sd^2 + J' R^-1 J .

The draws are of the posterior itself, weighed. With each comes ``tumour.dose_factor``, the dose to
tumour cells at the mode over that of the draw (I-131): responses bound the product of the two, so
that a study that multiplies them by it keeps the doses that responses were calibrated with.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.optimize import minimize

import pdcraft
from pdcraft import kinetics, library
from pdcraft.domain import Parameter, Patient, Values
from pdcraft.kinetics.contour import hyperbola
from pdcraft.study import DOSIMETRY_STUDY, prepare, reference_patient, study_from_text
from pdcraft.study.weighed import posterior_draws

SHELF = Path(pdcraft.__file__).parent / "library/kinetics"
PRIOR = library.parameters("kinetics/clr1404_pbpk_prior")
TYPICAL = library.parameters("kinetics/clr1404_pbpk")
TOLD = {k: p.value for k, p in library.parameters("kinetics/clr1404_published").items()}
DRAWS = 400
TIMES = np.array([0.5, 1.0, 24.0, 48.0, 72.0, 96.0, 144.0, 504.0, 1008.0])
LINE = hyperbola(TIMES, 1e-9)


def width(parameter: Parameter) -> float:
    """Standard deviation of the transformed parameter."""
    spread = parameter.spread
    return float(np.sqrt(np.log1p(spread.cv**2))) if spread.kind == "lognormal" else spread.sd


def transformed(parameter: Parameter, value: float) -> float:
    """Log, logit or the value itself."""
    if parameter.spread.kind == "normal":
        return value
    return float(
        np.log(value) - (np.log1p(-value) if parameter.spread.kind == "logitnormal" else 0)
    )


def value_of(parameter: Parameter, z: Array) -> Array:
    """Back from the transformed parameter."""
    back = {"normal": lambda x: x, "lognormal": jnp.exp, "logitnormal": jax.nn.sigmoid}
    return back[parameter.spread.kind](z)


class Facts:
    """What the model says about every published fact, in logs."""

    names = ("cmax", "auc", "terminal_half_life", "marrow_dose", "brain_ratio_24h",
             "brain_ratio_48h", "mouse_tumour_to_marrow", "mouse_blood_96h",
             "mouse_tumour_144h")  # fmt: skip

    def __init__(self) -> None:
        iodine = library.graph("iodine_icrp137")
        adults = tuple(library.physiology(name) for name in ("adult_male", "adult_female"))
        mouse = library.physiology("mouse")
        self.man, self.mouse = (kinetics.PBPK(b, iodine, lesions=1) for b in (adults, (mouse,)))
        lesion = {"lesion 1.mass": TOLD["assumed.lesion_mass"],
                  "lesion.perfusion": TOLD["assumed.lesion_perfusion"]}  # fmt: skip
        self.he = kinetics.subject(adults[0], TYPICAL, lesion)
        small = {"lesion 1.mass": TOLD["assumed.mouse_lesion_mass"],
                 "kidneys.filtration": TOLD["assumed.mouse_filtration"]}  # fmt: skip
        self.it = kinetics.subject(mouse, TYPICAL, {**lesion, **small})
        self.marrow_g = float(mouse.mass_g[mouse.tissues.index("red marrow")])
        self.brain_g = float(adults[0].mass_g[adults[0].tissues.index("brain")])
        prepared = prepare(study_from_text(DOSIMETRY_STUDY.replace("two_pool", "pbpk")))
        at_rest = reference_patient(prepared)
        engine = prepared.plan.engine
        S = engine.s_Gy_per_MBq_h(self.man.places[:-2], at_rest.anatomy)
        self.S = np.asarray(S[engine.places.index("red marrow"), :, 0].sum(axis=-1))
        self.whole, study = prepared.plan.kinetics, prepared.parameters
        many = {"marrow.infiltration": study["marrow.infiltration"].value}
        self.ill = reference_patient(prepared, many)
        S = engine.s_Gy_per_MBq_h(self.whole.places[:-1], self.ill.anatomy)
        self.S_tumour = np.asarray(S[engine.places.index("tumour"), :, 0].sum(axis=-1))
        self.decay = [float(library.chain(n, daughters="leave").rate_per_h[0])
                      for n in ("I-131", "I-125")]  # fmt: skip

    def changed(self, who: Patient, z: Array) -> Patient:
        """A subject with the parameters of a point."""
        names, value = who.parameters.names, who.parameters.value
        for k, p in enumerate(PRIOR.values()):
            value = value.at[names.index(p.name)].set(value_of(p, z[k]))
        return Patient(who.number, who.anatomy, who.body_mass_kg, who.height_cm,
                       who.body_surface_m2, who.age_y, Values(names, value))  # fmt: skip

    def curves(self, model: kinetics.PBPK, who: Patient) -> tuple[Array, Array]:
        """Carrier in every region, and its integral so far; ``[time, place]`` each."""
        x = model.transform_h(who, LINE.node_per_h)[..., 0]
        both = [x, x / LINE.node_per_h[:, None]]
        return tuple((LINE.weight_per_h @ v).real for v in both)

    def tumour_dose(self, z: Array) -> Array:
        """Dose to the tumour cells of a man with myeloma from I-131, per activity. Gy/MBq."""
        x = self.whole.transform_h(self.changed(self.ill, z), self.decay[0])[0].sum(axis=-1)
        return self.S_tumour @ x[: len(self.S_tumour)]

    def __call__(self, z: Array) -> Array:
        """Logarithms of the facts, in the order of ``names``."""
        man, mouse = self.changed(self.he, z), self.changed(self.it, z)
        at, t = self.man.places.index, TIMES.tolist().index
        x, area = self.curves(self.man, man)
        blood = at("heart contents")
        ng = 1e3 * TOLD["observed.activity"] * man.parameters["carrier.mass_per_activity"]
        ng = ng / self.man.plasma_mL(man)
        tia = self.man.transform_h(man, self.decay[0])[0].sum(axis=-1)
        dose = TOLD["observed.marrow_activity"] * (self.S @ tia[: len(self.S)])
        half_life = 504.0 * jnp.log(2.0) / jnp.log(x[t(504.0), blood] / x[t(1008.0), blood])
        to_brain = (x[:, at("lesion 1")] / TOLD["assumed.lesion_mass"]) / (
            x[:, at("brain")] / self.brain_g
        )
        y, _ = self.curves(self.mouse, mouse)
        at = self.mouse.places.index
        tia = self.mouse.transform_h(mouse, self.decay[1])[0].sum(axis=-1)
        ratio = tia[at("lesion 1")] / TOLD["assumed.mouse_lesion_mass"] * self.marrow_g
        ratio = ratio / tia[at("red marrow")]
        lesion, blood_m = y[:, at("lesion 1")], y[:, at("heart contents")]
        return jnp.log(jnp.stack([
            ng * area[t(0.5), blood] / 0.5, ng * area[t(1008.0), blood], half_life, dose,
            to_brain[t(24.0)], to_brain[t(48.0)], ratio, blood_m[t(96.0)] / blood_m[t(1.0)],
            lesion[t(144.0)] / lesion[t(72.0)],
        ]))  # fmt: skip


MIDDLE = np.asarray([transformed(p, p.value) for p in PRIOR.values()])
PRIOR_SD = np.asarray([width(p) for p in PRIOR.values()])


def residuals(facts: Facts, z: Array) -> Array:
    """Standardised distances of a point from the prior, then from what was published."""
    rows = library.parameters("kinetics/clr1404_published")
    observed = [rows[f"observed.{n}"] for n in Facts.names]
    y = jnp.log(jnp.asarray([p.value for p in observed]))
    sd = jnp.asarray([width(p) for p in observed])
    return jnp.concatenate([(z - MIDDLE) / PRIOR_SD, (facts(z) - y) / sd])


def posterior() -> tuple[np.ndarray, np.ndarray, np.ndarray, Facts]:
    """Mode and covariance of the transformed parameters, predicted facts, and the facts."""
    facts = Facts()

    @jax.jit
    def loss(z: Array) -> Array:
        return 0.5 * (residuals(facts, z) ** 2).sum()

    slope = jax.jit(jax.grad(loss))
    best = minimize(lambda z: float(loss(z)), MIDDLE, method="BFGS",
                    jac=lambda z: np.asarray(slope(z)), options={"gtol": 1e-6})  # fmt: skip
    J = np.asarray(jax.jacfwd(lambda z: residuals(facts, z))(jnp.asarray(best.x)))
    return best.x, np.linalg.inv(J.T @ J), np.exp(np.asarray(facts(jnp.asarray(best.x)))), facts


def draws_of(facts: Facts, mode: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Draws of the transformed parameters, of the tumour's dose at the mode over theirs, worth."""
    many = jax.jit(jax.vmap(lambda u: residuals(facts, MIDDLE + PRIOR_SD * u)))
    dose = jax.jit(jax.vmap(facts.tumour_dose))

    def in_shards(function, rows):
        return np.concatenate([np.asarray(function(r)) for r in np.array_split(rows, 40)])

    u, worth = posterior_draws(
        lambda rows: in_shards(many, rows) if len(rows) > 100 else many(rows),
        len(mode), draws=DRAWS, seed=1404,
    )  # fmt: skip
    z = MIDDLE + PRIOR_SD * u
    return z, np.asarray(dose(mode[None])) / np.asarray(dose(z)), worth


def main() -> None:
    """Print the posterior; write it if asked."""
    mode, covariance, said, facts = posterior()
    for name, value in zip(Facts.names, said, strict=True):
        print(f"{name:28s} published {TOLD['observed.' + name]:10.4g}   model {value:10.4g}")
    print(f"\n{'parameter':28s} {'prior':>10s} {'posterior':>10s} {'width':>7s}")
    lines = ["parameter,prior_value,value,transformed,prior_sd,sd,"
             + ",".join(f"covariance_{k}" for k in range(len(mode)))]  # fmt: skip
    text = (SHELF / "clr1404_pbpk.toml").read_text("utf-8")
    for k, p in enumerate(PRIOR.values()):
        value, sd = float(value_of(p, jnp.asarray(mode[k]))), float(np.sqrt(covariance[k, k]))
        print(f"{p.name:28s} {p.value:10.4g} {value:10.4g} {sd / width(p):7.2f}")
        numbers = [p.value, value, mode[k], width(p), sd, *covariance[k]]
        lines.append(",".join([p.name, *(f"{v:.6g}" for v in numbers)]))
        text, n = re.subn(
            rf'(?m)(^\["{re.escape(p.name)}"\]\nvalue = ).*$', rf"\g<1>{value:.6g}", text
        )
        if n != 1:
            raise SystemExit(f"clr1404_pbpk.toml holds '{p.name}' {n} times; it must hold it once.")
    z, factor, worth = draws_of(facts, mode)
    values = np.stack([value_of(p, z[:, k]) for k, p in enumerate(PRIOR.values())], axis=1)
    print(f"\n{DRAWS} draws of {worth:.0f} independent ones")
    for k, p in enumerate(PRIOR.values()):
        sd = np.sqrt(covariance[k, k])
        print(f"{p.name:28s} mean - mode {(z[:, k].mean() - mode[k]) / sd:6.2f} sd, "
              f"width {z[:, k].std() / sd:5.2f} of Laplace's")  # fmt: skip
    if "--write" in sys.argv:
        head = ("# Laplace posterior of the typical values (scripts/calibrate_pbpk.py): mode, then "
                "mode, widths and covariance of\n# the transformed parameters (kinds as in "
                "clr1404_pbpk_prior.toml).\n")  # fmt: skip
        (SHELF / "clr1404_pbpk_laplace.csv").write_text(head + "\n".join(lines) + "\n", "utf-8")
        rows = [
            "# Draws of the posterior (scripts/calibrate_pbpk.py); tumour.dose_factor keeps the "
            "doses that responses were calibrated with.",
            ",".join([*(p.name for p in PRIOR.values()), "tumour.dose_factor"]),
            *(",".join(f"{v:.6g}" for v in r) for r in np.column_stack([values, factor])),
        ]
        (SHELF / "clr1404_pbpk_posterior.csv").write_text("\n".join(rows) + "\n", "utf-8")
        (SHELF / "clr1404_pbpk.toml").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
