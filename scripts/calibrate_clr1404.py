"""Calibrate the two-pool model of CLR1404 to what was published of it in people.

``python -m scripts.calibrate_clr1404`` prints what it finds; with ``--write`` it puts the values
into ``library/kinetics/clr1404_two_pool.toml``.

1. Plasma: Cmax, AUC to 1008 h and the terminal half-life, with an assumed fast half-life, give the
   three rates of the two-pool model and the carrier mass per activity.
2. Iodide: the ICRP 137 model, reduced to one body pool and one thyroid pool with the same
   time-integrated I-131 in thyroid and bladder.
3. Marrow: the partition factor for which 740 MBq give the reference man 400 mSv.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

import pdcraft
from pdcraft import decay, dosimetry, kinetics, library
from pdcraft.domain import Regimen
from pdcraft.study import DOSIMETRY_STUDY, Prepared, prepare, reference_patient, study_from_text

TABLE = Path(pdcraft.__file__).parent / "library/kinetics/clr1404_two_pool.toml"


def plasma() -> dict[str, float]:
    """Rates of the two-pool model and carrier mass per activity. 1/h, ug/MBq."""
    told = {k: p.value for k, p in library.parameters("kinetics/clr1404_published").items()}
    rates = kinetics.biexponential_micro_rates(
        cmax=told["observed.cmax"],
        auc=told["observed.auc"],
        auc_until_h=told["observed.auc_until"],
        terminal_half_life_h=told["observed.terminal_half_life"],
        fast_half_life_h=told["assumed.fast_half_life"],
        infusion_h=told["assumed.infusion"],
    )
    plasma_mL = library.parameters("species/human")["male.plasma_volume"].value
    given_ug = 1e-3 * (rates["A"] + rates["B"]) * plasma_mL
    return {
        "plasma.to_tissue_rate": rates["k12"],
        "tissue.to_plasma_rate": rates["k21"],
        "plasma.loss_rate": rates["k10"],
        "carrier.mass_per_activity": given_ug / told["observed.activity"],
    }


def iodide() -> dict[str, float]:
    """Reduced rates of free iodide. 1/h."""
    rate = library.parameters("kinetics/clr1404_two_pool")
    decay_per_h = float(library.chain("I-131", daughters="leave").rate_per_h[0])
    model = kinetics.IodineICRP137(library.graph("iodine_icrp137"))
    TIA = {k: float(v) for k, v in model.time_integrated_h(decay_per_h).items()}
    back, emptying = rate["thyroid.release_rate"].value, rate["bladder.emptying_rate"].value
    to_thyroid = (back + decay_per_h) * TIA["thyroid"]
    to_urine = (emptying + decay_per_h) * TIA["urinary bladder contents"]
    pool_h = (1.0 + back * TIA["thyroid"] - to_thyroid - to_urine) / decay_per_h
    return {
        "iodide.to_thyroid_rate": to_thyroid / pool_h,
        "iodide.to_urine_rate": to_urine / pool_h,
    }


def marrow_Gy_per_MBq(prepared: Prepared, values: dict[str, float]) -> float:
    """Red-marrow dose of the reference man without myeloma. Gy/MBq."""
    patient = reference_patient(prepared, values)
    plan, given = prepared.plan, Regimen.of([1.0], time_h=[0.0])
    amount = kinetics.simulate(plan.kinetics, patient, given, plan.agent)
    activity = decay.activity(amount, plan.agent.payload.chain)
    dose = dosimetry.irradiate(plan.engine, activity, patient.anatomy).integrate()
    return float(dose.total_Gy[dose.space.index("red marrow")])


def calibrate() -> dict[str, float]:
    """All calibrated and derived values of the two-pool model."""
    values = {**plasma(), **iodide()}
    told = library.parameters("kinetics/clr1404_published")
    wanted = told["observed.marrow_dose"].value / told["observed.marrow_activity"].value
    prepared = prepare(study_from_text(DOSIMETRY_STUDY))
    # The dose is all but linear in the partition: three secant steps are exact.
    x = np.array([0.5, 1.5])
    y = [marrow_Gy_per_MBq(prepared, {**values, "marrow.partition": v}) for v in x]
    for _ in range(4):
        if abs(y[1] - y[0]) < 1e-15:
            break
        new = x[1] + (wanted - y[1]) * (x[1] - x[0]) / (y[1] - y[0])
        x = np.array([x[1], new])
        y = [y[1], marrow_Gy_per_MBq(prepared, {**values, "marrow.partition": float(new)})]
    return {**values, "marrow.partition": float(x[1])}


def write(values: dict[str, float]) -> None:
    """Put the values into the library's table, six significant digits."""
    text = TABLE.read_text("utf-8")
    for name, value in values.items():
        text, n = re.subn(
            rf'(?m)(^\["{re.escape(name)}"\]\nvalue = ).*$', rf"\g<1>{value:.6g}", text
        )
        if n != 1:
            raise SystemExit(f"{TABLE.name} holds '{name}' {n} times; it must hold it once.")
    TABLE.write_text(text, "utf-8")


if __name__ == "__main__":
    found = calibrate()
    for name, value in found.items():
        print(f"{name:28} {value:.6g}")
    if "--write" in sys.argv:
        write(found)
