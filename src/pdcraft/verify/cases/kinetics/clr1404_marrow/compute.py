"""Marrow dose of the reference man through the public river."""

from pdcraft import decay, dosimetry, kinetics
from pdcraft.domain import Regimen
from pdcraft.study import DOSIMETRY_STUDY, prepare, reference_patient, study_from_text


def compute() -> dict[str, float]:
    prepared = prepare(study_from_text(DOSIMETRY_STUDY))
    plan, man = prepared.plan, reference_patient(prepared)
    amount = kinetics.simulate(plan.kinetics, man, Regimen.of([740.0], time_h=[0.0]), plan.agent)
    activity = decay.activity(amount, plan.agent.payload.chain)
    dose = dosimetry.irradiate(plan.engine, activity, man.anatomy).integrate()
    return {
        "red marrow dose from 740 MBq": 1e3 * float(dose.total_Gy[dose.space.index("red marrow")])
    }
