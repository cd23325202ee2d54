"""Late complications that a study asks for, from its dose rates to the rows of the table."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from pdcraft.domain import InputError, MissingError
from pdcraft.study import prepare, study_from_text
from pdcraft.study.late_effects import complication_rows
from pdcraft.study.shards import compute
from pdcraft.study.trial_spec import trial_from_text

EXAMPLES = Path(__file__).parents[3] / "examples"

STUDY = """
[study]
name = "late"
agent = "clr131"
patients = 20
follow_up = "60 d"
[[cohort]]
name = "one"
doses = [{{ at = "0 d", activity = "25 mCi/m2" }}]
[kinetics]
model = "two_pool"
thyroid_blockade = 0.0
[assessment]
complications = [{}]
"""


def test_risk_follows_each_patients_own_eqd2():
    prepared = prepare(study_from_text(STUDY.format('"thyroid", "kidneys"')))
    plan = prepared.plan
    events = [e for endpoint in plan.endpoints for e in endpoint.events]
    tissues = [t for effect in plan.effects for t in effect.tissues]
    kept = compute(prepared, 0, 0)
    thyroid, kidneys = complication_rows(prepared.study, "one", kept, events, tissues)
    EQD2 = kept["EQD2_Gy"][:, tissues.index("thyroid")]
    # Emami 1991: 45 Gy for 5 %, 80 Gy for 50 %; Lyman's m of the two
    slope = (1 - 45 / 80) / norm.ppf(0.95)
    assert thyroid[:2] == ["one", "thyroid"]
    assert thyroid[3] == pytest.approx(np.median(EQD2))
    assert thyroid[5] == pytest.approx(norm.cdf((EQD2 - 80) / (80 * slope)).mean(), abs=1e-6)
    assert 0.01 < thyroid[6] < thyroid[5] < thyroid[7] < 0.5  # unblocked: tens of gray
    assert kidneys[5] < 1e-6


def test_what_no_tolerance_is_known_of_is_refused():
    with pytest.raises(MissingError, match=r"assessment\.complications: 'brain'"):
        prepare(study_from_text(STUDY.format('"brain"')))
    drug = STUDY.replace('"clr131"', '"clr1602_ptx"').replace(
        'activity = "25 mCi/m2"', 'mass = "200 mg/m2"'
    )
    with pytest.raises(InputError, match="paclitaxel does not radiate"):
        prepare(study_from_text(drug.format('"kidneys"')))


def test_an_organ_that_the_body_does_not_tell_apart_is_named():
    with pytest.raises(MissingError, match="salivary glands"):
        prepare(study_from_text(STUDY.format('"salivary glands"')))


def test_mice_have_no_tolerances():
    mouse = STUDY.replace('agent = "clr131"', 'agent = "clr131"\nspecies = "mouse"').replace(
        "patients", 'xenograft = "a2780"\npatients'
    )
    mouse = mouse.replace("25 mCi/m2", "5 MBq").replace("two_pool", "pbpk")
    with pytest.raises(InputError, match="tolerance of a mouse"):
        study_from_text(mouse.format('"kidneys"'))


def test_a_trial_does_not_wait_for_them():
    text = (EXAMPLES / "trial_fractionation.toml").read_text("utf-8")
    assert "[assessment]" in text
    asked = text.replace("[assessment]", '[assessment]\ncomplications = ["kidneys"]')
    with pytest.raises(InputError, match="within follow-up"):
        trial_from_text(asked)
