"""Posterior of the whole-body model of CLR1404 given what was published of it in men and mice.

``python -m scripts.calibrate_pbpk`` prints how much the data narrow every parameter; with
``--write`` it puts the posterior's mode into ``library/kinetics/clr1404_pbpk.toml`` and mode,
width and covariance into ``clr1404_pbpk_posterior.csv``.

The posterior is that of Laplace: a normal distribution of transformed parameters (log, logit or
as they are) around the mode, with the precision of the prior and of the linearised data,

    precision = 1/prior_sd^2 + J' R^-1 J .
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

SHELF = Path(pdcraft.__file__).parent / "library/kinetics"
PRIOR = library.parameters("kinetics/clr1404_pbpk_prior")
TYPICAL = library.parameters("kinetics/clr1404_pbpk")
TOLD = {k: p.value for k, p in library.parameters("kinetics/clr1404_published").items()}
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
        prepared = prepare(study_from_text(DOSIMETRY_STUDY))
        at_rest = reference_patient(prepared)
        engine = prepared.plan.engine
        S = engine.s_Gy_per_MBq_h(self.man.places[:-2], at_rest.anatomy)
        self.S = np.asarray(S[engine.places.index("red marrow"), :, 0].sum(axis=-1))
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


def posterior() -> tuple[np.ndarray, np.ndarray, np.ndarray, Facts]:
    """Mode and covariance of the transformed parameters, predicted facts, and the facts."""
    facts = Facts()
    rows = library.parameters("kinetics/clr1404_published")
    observed = [rows[f"observed.{n}"] for n in Facts.names]
    y = jnp.log(jnp.asarray([p.value for p in observed]))
    sd = jnp.asarray([width(p) for p in observed])
    middle = jnp.asarray([transformed(p, p.value) for p in PRIOR.values()])
    prior_sd = jnp.asarray([width(p) for p in PRIOR.values()])

    @jax.jit
    def loss(z: Array) -> Array:
        away = ((facts(z) - y) / sd, (z - middle) / prior_sd)
        return 0.5 * sum((a**2).sum() for a in away)

    slope = jax.jit(jax.grad(loss))
    best = minimize(lambda z: float(loss(z)), np.asarray(middle), method="BFGS",
                    jac=lambda z: np.asarray(slope(z)), options={"gtol": 1e-6})  # fmt: skip
    J = np.asarray(jax.jacfwd(facts)(jnp.asarray(best.x)))
    precision = np.diag(1.0 / np.asarray(prior_sd) ** 2) + (J.T / np.asarray(sd) ** 2) @ J
    return best.x, np.linalg.inv(precision), np.exp(np.asarray(facts(jnp.asarray(best.x)))), facts


def main() -> None:
    """Print the posterior; write it if asked."""
    mode, covariance, said, _ = posterior()
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
    if "--write" in sys.argv:
        head = ("# Laplace posterior of the typical values (scripts/calibrate_pbpk.py): mode, then "
                "mode, widths and covariance of\n# the transformed parameters (kinds as in "
                "clr1404_pbpk_prior.toml).\n")  # fmt: skip
        (SHELF / "clr1404_pbpk_posterior.csv").write_text(head + "\n".join(lines) + "\n", "utf-8")
        (SHELF / "clr1404_pbpk.toml").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
