"""A statistician runs the example trials, small; reads what they say; makes mistakes."""

import csv
import json
import re

import numpy as np
import pytest

from pdcraft import report, study
from pdcraft.domain import InputError, MissingError

# Some of the virtual patients always lie outside a checked range.
pytestmark = pytest.mark.filterwarnings("ignore::pdcraft.domain.errors.ValidityWarning")
SMALL = {
    "escalation": {"patients": 250, "trials": 40},
    "fractionation": {"patients": 160, "trials": 40},
    "second_course": {"patients": 125, "trials": 40},
    "optimisation": {"patients": 250, "trials": 40},
}


@pytest.fixture(scope="module")
def folders(example, tmp_path_factory):
    """The example trials, run once."""
    place, done = tmp_path_factory.mktemp("trials"), {}

    def folder(name):
        if name not in done:
            file = example.parent / f"trial_{name}.toml"
            done[name] = study.run_trial(file, out=place / name, **SMALL[name])
        return done[name]

    return folder


def rows(folder, name):
    return list(csv.DictReader((folder / "tables" / f"{name}.csv").read_text("utf-8").splitlines()))


def number(row, column):
    return float(row[column])


@pytest.mark.parametrize("name", sorted(SMALL))
def test_an_example_trial_ends_with_a_report_of_its_folder_alone(folders, name):
    folder = folders(name)
    page = report.write(folder).read_text("utf-8")
    assert page == report.write(folder).read_text("utf-8")
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["complete"] is True
    assert "Every number that went in" in page and not re.search(r">nan\b", page)
    assert not re.search(r'(src|href)="https?://(?!doi)', page.split("<script>")[0])


def test_designs_are_compared_on_the_same_patients_with_errors(folders):
    folder = folders("escalation")
    designs = {r["design"]: r for r in rows(folder, "designs")}
    assert len(designs) >= 5
    for name in designs:
        chosen = [number(r, "selected") for r in rows(folder, "oc") if r["design"] == name]
        assert sum(chosen) == pytest.approx(1, abs=1e-5)
    paths = [r for r in rows(folder, "paths") if r["trial"] == "1"]
    assert {r["design"] for r in paths} == set(designs)
    assert all(r["reason"] for r in paths)
    assert {r["measure"] for r in rows(folder, "paired")} >= {"right", "months", "toxicities"}


def test_a_short_watch_is_quick_and_misses_late_toxicity(folders):
    folder = folders("escalation")
    designs = {r["design"]: r for r in rows(folder, "designs")}
    quick, whole = designs["3+3, watched for 28 d"], designs["3+3"]
    assert number(quick, "months") < number(whole, "months")
    assert number(quick, "missed") > 1 and number(whole, "missed") == 0
    assert any("misses" in r["message"] for r in rows(folder, "validity"))


def test_the_time_to_event_design_does_not_wait(folders):
    designs = {r["design"]: r for r in rows(folders("escalation"), "designs")}
    assert number(designs["TITE-CRM"], "turned_away") == 0
    assert number(designs["TITE-CRM"], "months") < number(designs["BOIN"], "months")


def test_a_second_course_is_given_to_who_recovered_and_its_effect_has_an_interval(folders):
    folder = folders("second_course")
    levels = {r["level"]: r for r in rows(folder, "levels")}
    assert 0 < number(levels["second course if recovered"], "all_doses_given") < 1
    effects = [r for r in rows(folder, "effects") if r["among"] == "all patients"]
    response = next(r for r in effects if r["measure"] == "response")
    assert number(response, "low") <= number(response, "difference") <= number(response, "high")
    assert len({r["scenario"] for r in effects}) == 4


def test_single_arm_trials_agree_with_simon(folders):
    # So small a pool makes four groups, whose trials hardly differ within a group.
    for row in rows(folders("second_course"), "phase2"):
        exact = number(row, "success_exact")
        error = max(number(row, "success_se"), (exact * (1 - exact) / 4) ** 0.5, 0.02)
        assert abs(number(row, "success") - exact) < 5 * error


def test_a_fraction_is_withheld_from_who_has_not_recovered(folders):
    folder = folders("fractionation")
    single, two = rows(folder, "levels")
    assert number(single, "all_doses_given") == 1 > number(two, "all_doses_given")
    given = np.load(next((folder / "arrays" / "pool-1" / "level-2").glob("*.npz")))
    withheld = ~np.isfinite(given["given_d"][:, 1])
    assert withheld.any() and not given["given_MBq"][withheld, 1].any()
    late = given["given_d"][~withheld, 1]
    assert set(late) <= {7.0, 14.0, 21.0}


def test_regimens_are_chosen_by_utility(folders):
    folder = folders("optimisation")
    methods = {r["method"] for r in rows(folder, "chosen")}
    assert methods == {"randomised, 15 per arm", "randomised, 30 per arm", "BOIN12"}
    for method in methods:
        share = [number(r, "chosen") for r in rows(folder, "chosen") if r["method"] == method]
        assert sum(share) == pytest.approx(1, abs=1e-5)


def test_the_results_depend_on_neither_processes_nor_an_interruption(folders, example, tmp_path):
    whole, file = folders("escalation"), example.parent / "trial_escalation.toml"
    text = file.read_text("utf-8")
    other = study.run_trial(file, out=tmp_path / "a", threads=2, **SMALL["escalation"])
    assert rows(other, "oc") == rows(whole, "oc")
    (other / "manifest.json").write_text(
        json.dumps(json.loads((other / "manifest.json").read_text("utf-8")) | {"complete": False})
    )
    next((other / "arrays").rglob("*.npz")).unlink()
    again = study.run_trial(file, out=other, resume=True, **SMALL["escalation"])
    assert (again / "study.toml").read_text("utf-8") == text
    for table in (whole / "tables").iterdir():
        assert (again / "tables" / table.name).read_bytes() == table.read_bytes()


BEHAVIOURS = """
[[escalation.design]]
design = "rolling-6"

[[escalation.design]]
name = "capped"
design = "boin"
patients = 12
dose_cap = [{ region = "red marrow", limit = "0.9 Gy", percentile = 90 }]

[[escalation.design]]
name = "filled"
design = "boin"
patients = 12
backfill = { cap = 6 }

[[escalation.design]]
name = "careful"
design = "keyboard"
patients = 15
too_toxic = 0.9
stop_at_level = 9
precise = { low = 0.1, high = 0.4, probability = 0.8 }
titration = true
stagger = "7 d"

[[escalation.design]]
name = "with minimum follow-up"
design = "tite-boin"
patients = 12
min_follow_up = "14 d"
"""


def test_every_behaviour_of_a_design_can_be_said_in_a_trial_file(example, tmp_path):
    text = (example.parent / "trial_escalation.toml").read_text("utf-8")
    text = text[: text.index("[[escalation.design]]")] + BEHAVIOURS
    file = tmp_path / "trial.toml"
    file.write_text(text, "utf-8")
    folder = study.run_trial(file, out=tmp_path / "out", patients=160, trials=20)
    paths = rows(folder, "paths")
    assert {r["design"] for r in rows(folder, "designs")} == {
        "rolling-6", "capped", "filled", "careful", "with minimum follow-up",
    }  # fmt: skip
    capped = [r for r in paths if r["design"] == "capped"]
    assert {r["level"] for r in capped} == {"12.5 mCi/m2"}
    assert all("above 0.9 Gy: levels above 1 are closed" in r["reason"] for r in capped)
    careful = [r for r in paths if r["design"] == "careful"]
    assert len(careful[0]["outcomes"].replace("-", "")) == 1  # one patient until a toxicity
    file.write_text(text.replace('"red marrow"', '"red marow"'), "utf-8")
    with pytest.raises(MissingError, match="Did you mean 'red marrow'"):
        study.run_trial(file, out=tmp_path / "b", patients=160, trials=20)


@pytest.mark.parametrize(
    ("good", "bad", "error", "said"),
    [
        ("per_month = 0.5", "per_month = 0", InputError, "never ends"),
        ('design  = "3+3"', 'design  = "3+4"', InputError, "Known: '3"),
        ('window = "64 d"', 'window = "365 d"', InputError, "longer than study.follow_up"),
        ('watch   = "28 d"', 'watch   = "90 d"', InputError, "longer than dose_limiting_toxicity"),
        ('"31.25 mCi/m2"]', '"31 mCi/m2"]', InputError, "Did you mean '31.25 mCi/m2'"),
        ('amount = "12.5 mCi/m2"', 'amount = "12.5 Gy/m2"', InputError, "no dose of a trial"),
        ("target = 0.25", "target = 1.25", InputError, "escalation.target"),
        ("trials = 1000", "trails = 1000", InputError, "Did you mean 'trials'"),
        ('grade = 4, for', 'grade = 4, below = "25 1e9/L", for', InputError, "says one thing"),
        ('name    = "3+3"\n', 'name    = "BOIN"\n', InputError, "stands twice"),
        ('"multiple_myeloma"', '"multiple_mieloma"', MissingError, "multiple_myeloma"),
        ('design   = "tite-crm"', 'design = "tite-crm"\nskeleton = [0.1, 0.2]', InputError,
         "skeleton holds 2 prior rates, the design has 4 levels"),
        ('variant = "C" ', 'titration = true #', InputError, "'3\\+3' has no titration"),
        ("patients = 24", "patients = 24\ntoo_toxic = 95", InputError, "less than 1"),
    ],
)  # fmt: skip
def test_a_fault_in_the_trial_file_is_named(example, tmp_path, good, bad, error, said):
    text = (example.parent / "trial_escalation.toml").read_text("utf-8")
    assert good in text
    file = tmp_path / "trial.toml"
    file.write_text(text.replace(good, bad, 1), "utf-8")
    with pytest.raises(error, match=said):
        study.run_trial(file, out=tmp_path / "out", patients=250, trials=20)
