"""One patient from file to folder: prior, doses of the plan, limits, mistakes."""

import csv
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logit

from pdcraft import library, report
from pdcraft.domain import InputError, MissingError, ValidityWarning
from pdcraft.study import prepare
from pdcraft.study.tracer_prior import prior_of_one
from pdcraft.study.tracer_run import fit_tracer, patient_of
from pdcraft.study.tracer_spec import read_tracer

EXAMPLES = Path(__file__).parents[3] / "examples/fit"
SCANS, PATIENT = EXAMPLES / "scans.csv", EXAMPLES / "patient.toml"
TRUE_Gy = {"red marrow": 1.317, "liver": 1.806, "kidneys": 3.709, "tumour": 1.890, "thyroid": 8.12}
"""Of the simulated patient that the example's scans are of."""


def rows(folder, table):
    return list(
        csv.DictReader((folder / "tables" / f"{table}.csv").read_text("utf-8").splitlines())
    )


def changed(tmp_path, old, new):
    text = PATIENT.read_text("utf-8")
    assert old in text
    file = tmp_path / "patient.toml"
    file.write_text(text.replace(old, new), "utf-8")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ValidityWarning)  # the measurements fit
        return fit_tracer(SCANS, PATIENT, out=tmp_path_factory.mktemp("one") / "patient")


def test_true_doses_lie_in_the_intervals_and_what_was_measured_is_known_better(folder):
    found = {r["region"]: {k: float(v) for k, v in r.items() if k != "region"}
             for r in rows(folder, "doses")}  # fmt: skip
    # five intervals of 90 % hold at least three truths but one time of a hundred
    inside = [found[n]["Gy_p05"] < true < found[n]["Gy_p95"] for n, true in TRUE_Gy.items()]
    assert sum(inside) >= 3
    for name in ("red marrow", "liver", "tumour", "heart contents"):
        after = found[name]["Gy_p95"] - found[name]["Gy_p05"]
        before = found[name]["before_Gy_p95"] - found[name]["before_Gy_p05"]
        assert after < 0.6 * before
    assert "ovaries" in found and "testes" not in found


def test_a_limit_is_reached_at_its_dose_over_the_dose_of_an_activity(folder):
    per_GBq = {r["region"]: float(r["Gy_per_GBq_p50"]) for r in rows(folder, "doses")}
    marrow, kidneys = rows(folder, "limits")
    for row, Gy in ((marrow, 2.0), (kidneys, 23.0)):
        assert float(row["limit_Gy"]) == Gy
        # the median of a reciprocal is the reciprocal of the median, but for the draws' spacing
        assert float(row["GBq_p50"]) == pytest.approx(Gy / per_GBq[row["region"]], rel=2e-3)
        assert float(row["GBq_p05"]) < float(row["GBq_p50"]) < float(row["GBq_p95"])
    assert float(marrow["p_planned_exceeds"]) < 0.01


def test_the_prior_joins_the_spread_between_patients_with_what_is_typical():
    held = library.parameters("kinetics/clr1404_pbpk")
    wide, pairs = prior_of_one(held, ("marrow.partition",))
    names, draws = library.posterior("kinetics/clr1404_pbpk")
    of = names.index
    u = np.log(draws[:, of("tumour.uptake_ratio")])
    between = np.log1p(held["tumour.uptake_ratio"].spread.cv ** 2)
    total = np.log1p(wide["tumour.uptake_ratio"].spread.cv ** 2)
    assert total == pytest.approx(between + u.var(ddof=1), rel=1e-9)
    assert np.log(wide["tumour.uptake_ratio"].value) == pytest.approx(u.mean())
    v = logit(draws[:, of("liver.loss_to_bile")])  # no spread between patients
    assert wide["liver.loss_to_bile"].spread.sd == pytest.approx(v.std(ddof=1))
    rho = {frozenset(p[:2]): p[2] for p in pairs}
    expected = np.cov(u, v)[0, 1] / np.sqrt(total * v.var(ddof=1))
    assert rho[frozenset(("tumour.uptake_ratio", "liver.loss_to_bile"))] == pytest.approx(expected)
    assert wide["marrow.partition"] == held["marrow.partition"]  # said to be known
    assert wide["liver.loss_as_iodide"] == held["liver.loss_as_iodide"]  # uniform: nothing typical


def test_the_patient_has_his_own_body():
    asked = read_tracer(PATIENT)
    who = patient_of(asked, prepare(asked.study))
    assert float(who.body_mass_kg) == pytest.approx(64.0)
    assert float(who.height_cm) == pytest.approx(168.0)
    assert float(who.body_surface_m2) == pytest.approx(np.sqrt(64 * 168 / 3600))  # Mosteller
    space = who.anatomy.space
    share = space.mass_g[space.index("tumour")] / (
        space.mass_g[space.index("tumour")] + space.mass_g[space.index("red marrow")]
    )
    assert float(share) == pytest.approx(0.2, rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sex       = "female"', 'sex = "woman"', "patient.sex"),
        ('body_mass = "64 kg"', "body_mass = 64", "has no unit"),
        ('activity = "185 MBq"', 'activity = "100 MBq/m2"', "what the patient got"),
        ("[limits]", "[limit]", "Did you mean 'limits'"),
        ('activity = "15.625 mCi/m2" }, {', 'mass = "2 mg/m2" }, {', "leaves no absorbed dose"),
    ],
)
def test_mistakes_in_the_file_name_their_key(tmp_path, old, new, said):
    with pytest.raises(InputError, match=said):
        read_tracer(changed(tmp_path, old, new))


def test_scans_of_another_nuclide_and_unknown_limits_are_refused_and_nothing_is_written(tmp_path):
    out = tmp_path / "out"
    file = changed(tmp_path, 'agent    = "clr124"', 'agent = "clr1602_ptx"')
    with pytest.raises((InputError, MissingError)):
        fit_tracer(SCANS, file, out=out)
    with pytest.raises(MissingError, match="limits"):
        fit_tracer(SCANS, changed(tmp_path, '"red marrow" =', '"red marow" ='), out=out)
    assert not out.exists()


def test_scans_that_the_model_cannot_meet_are_marked(tmp_path):
    """Errors of 8 % that are said to be 1.5 %: a chi-square of about (8/1.5)^2 a point."""
    sure = tmp_path / "scans.csv"
    sure.write_text(SCANS.read_text("utf-8").replace(",8,no", ",1.5,no"), "utf-8")
    with pytest.warns(ValidityWarning, match="do not fit the model: chi-square"):
        folder = fit_tracer(sure, PATIENT, out=tmp_path / "out")
    assert json.loads((folder / "fit.json").read_text("utf-8"))["fits"] is False
    assert "DO NOT FIT" in report.fit_lines(folder)[1]
