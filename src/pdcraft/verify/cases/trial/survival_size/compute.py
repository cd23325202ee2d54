"""Size of a trial with time to event; months instead of hours."""

from pdcraft.trial import patients_for_events, schoenfeld_events

MONTHS = {"median_control_h": 12.0, "accrual_h": 24.0, "followup_h": 12.0}


def compute() -> dict[str, float]:
    events = schoenfeld_events(0.7, alpha=0.025, power=0.8)
    patients = patients_for_events(events, hazard_ratio=0.7, **MONTHS)
    return {"events": events, "patients": patients}
