"""What ``pdcraft xenograft`` says: the fit of measured volumes, and its translation to patients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from pdcraft import library
from pdcraft.biology import TissueDose, TumourVolumes, fit_growth, translate_alpha
from pdcraft.domain import Exponentials, InputError, Values
from pdcraft.domain.units import LN2, read_quantity


def lines(
    volumes: Path, model: str, arms: list[str], half_life: str, hold: list[str]
) -> Iterator[str]:
    """Lines of text: estimates with intervals, residual scatter, the patient's alpha."""
    animal, arm, day, volume = library.tumour_volumes(volumes)
    half_life_h = read_quantity(half_life, "time")
    doses = {name: _dose(text, half_life_h) for name, text in map(_arm, arms)}
    for name in sorted(set(arm) - set(doses)):
        doses[name] = None
        yield f"arm '{name}': no dose given, taken as untreated"
    held = library.parameters(f"xenografts/{model}")
    fixed = Values(tuple(held), jnp.array([p.value for p in held.values()]))
    fit = fit_growth(
        TumourVolumes(animal, arm, np.array(day), np.array(volume)),
        doses,
        fixed,
        held=[_full(n) for n in hold],
    )
    yield f"{fit.measurements} volumes of {fit.animals} animals; other numbers from '{model}'"
    yield f"{'parameter':26} {'estimate':>9}  95 % interval"
    for name, unit, value in zip(fit.names, fit.units, fit.estimate, strict=True):
        low, high = fit.interval(name)
        yield f"{name:26} {value:9.4g}  {low:.4g} to {high:.4g} {unit}"
    yield f"scatter of a volume: {100 * fit.residual_sd:.0f} % (of its logarithm)"
    if "xenograft.alpha" in fit.names:
        man = translate_alpha(fit)
        yield (
            f"for patients: tumour.alpha = {man.median_per_Gy:.3g} 1/Gy, log-normal, CV "
            f"{100 * man.cv:.0f} % (assumption: same median, CV 50 % between mouse and man)"
        )
        yield "in a patients' study, under [parameters] (with [uncertainty] draws = 50):"
        yield f'"tumour.alpha" = {{ value = {man.median_per_Gy:.3g}, cv = {man.cv:.2g} }}'
    yield "For research; not a medical device."


def _full(name: str) -> str:
    return name if name.startswith("xenograft.") else f"xenograft.{name}"


def _arm(text: str) -> tuple[str, str]:
    name, sign, dose = text.rpartition("=")
    if not sign or not name:
        raise InputError(
            f"--arm '{text}' is not readable. Write name=dose, as --arm 'low=4 Gy', or "
            "--arm 'twice=4 Gy @ 0 d + 4 Gy @ 7 d'."
        )
    return name.strip(), dose


def _dose(text: str, half_life_h: float) -> TissueDose | None:
    """``"4 Gy @ 0 d + 4 Gy @ 7 d"``: absorbed doses of the tumour with the days they begin."""
    parts = [part.partition("@") for part in text.split("+")]
    Gy = jnp.array([read_quantity(dose.strip(), "absorbed dose") for dose, _, _ in parts])
    start = jnp.array([read_quantity(at.strip() or "0 d", "time") for _, _, at in parts])
    if float(Gy.sum()) == 0.0:
        return None
    rate = jnp.full(len(parts), LN2 / half_life_h)
    return TissueDose(Exponentials(rate, start, jnp.zeros(len(parts))), Gy * rate, Gy * rate)
