"""`pdcraft fit` as a newcomer meets it: the example, and a file full of mistakes."""

import csv
from pathlib import Path

from tests.journeys.test_cli import pdcraft

EXAMPLE = Path(__file__).parents[2] / "examples/fit"


def test_the_example_of_a_population_is_fitted_and_shown(tmp_path):
    code, out, err = pdcraft(
        "fit", EXAMPLE / "plasma.csv", EXAMPLE / "plasma.toml", "--out", "plasma", cwd=tmp_path
    )
    assert code == 0, err
    assert "180 observations of 30 patients" in out
    text = (tmp_path / "plasma/tables/estimates.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    found = {r["parameter"]: r for r in rows}
    # the values that the file says it was simulated with, within three standard errors
    for name, true in {"CL": 0.15, "V": 6.0, "sigma[proportional]": 0.12}.items():
        miss = float(found[name]["value"]) - true
        assert abs(miss) < 3 * float(found[name]["standard_error"])
    page = (tmp_path / "plasma/report.html").read_text("utf-8")
    for words in ("Shrinkage", "CWRES", "NPDE", "simulated 95 %", "individual", "nmol/L"):
        assert words in page


def test_one_patients_scans_tell_what_the_therapy_would_do(tmp_path):
    code, out, err = pdcraft(
        "fit", EXAMPLE / "scans.csv", EXAMPLE / "patient.toml", "--out", "one", cwd=tmp_path
    )
    assert code == 0, err
    for words in ("CLR 131, 1998 MBq in all, after 185 MBq of CLR 124", "before the measurement",
                  "the plan exceeds it with probability"):  # fmt: skip
        assert words in out
    page = (tmp_path / "one/report.html").read_text("utf-8")
    for words in ("Absorbed dose of the plan (Gy)", "90 % band", "Limits", "not a medical device"):
        assert words in page
    assert "testes" not in page  # the patient is a woman


def test_mistakes_come_together_with_their_lines_and_nothing_is_written(tmp_path):
    lines = (EXAMPLE / "plasma.csv").read_text("utf-8").splitlines()
    lines[3] = "1,24,.,.,inf,0,92"
    lines[5] = "1,12,.,.,-4 ug/L,0,92"
    lines[7] = "1,168,.,.,1,9,92"
    (tmp_path / "bad.csv").write_text("\n".join(lines), "utf-8")
    code, _, err = pdcraft("fit", "bad.csv", EXAMPLE / "plasma.toml", "--out", "bad", cwd=tmp_path)
    assert code == 2
    assert "line 4: DV = inf is not finite" in err
    assert "line 6: DV = '-4 ug/L' is not a plain number" in err
    assert "Traceback" not in err
    assert not (tmp_path / "bad").exists()
