"""A data file and a model file become a folder, or one message."""

import json

import numpy as np
import pytest

from pdcraft import report
from pdcraft.domain import InputError, MissingError
from pdcraft.study.fit import fit_population
from pdcraft.study.population_spec import population_model_from_text

MODEL = """
[model]
structure = "graph"
method = "fo"
error = "additive"
volume = "V"
[[transfer]]
source = "central"
rate = "CL/V"
[units]
time = "h"
amount = "mg"
value = "mg/L"
[theta]
CL = { value = 4.0, unit = "L/h" }
V = { value = 40.0, unit = "L", fixed = true }
[omega]
CL = { variance = 0.09 }
[sigma]
additive = { sd = 0.1, unit = "mg/L" }
"""


def test_a_fit_leaves_tables_and_a_page(tmp_path):
    random = np.random.default_rng(1)
    lines = ["ID,TIME,AMT,DV"]
    for i in range(12):
        rate = 0.1 * np.exp(0.3 * random.standard_normal())
        lines.append(f"{i},0,100,.")
        for t in (1.0, 6.0, 12.0):
            lines.append(f"{i},{t},.,{2.5 * np.exp(-rate * t) + 0.1 * random.standard_normal()}")
    (tmp_path / "d.csv").write_text("\n".join(lines), "utf-8")
    (tmp_path / "m.toml").write_text(MODEL, "utf-8")
    folder = fit_population(tmp_path / "d.csv", tmp_path / "m.toml", out=tmp_path / "out")
    about = json.loads((folder / "fit.json").read_text("utf-8"))
    assert (about["patients"], about["observations"], about["converged"]) == (12, 36, True)
    assert report.fit_lines(folder)[1].startswith("  CL = ")
    page = report.render_fit(folder)
    assert "Predictive check" in page
    assert page == report.render_fit(folder)
    assert (folder / "model.toml").read_text("utf-8") == MODEL


def test_bad_data_leave_nothing(tmp_path):
    (tmp_path / "d.csv").write_text("ID,TIME,AMT,DV\n1,0,100,.\n1,5,.,1\n1,2,.,1\n", "utf-8")
    (tmp_path / "m.toml").write_text(MODEL, "utf-8")
    with pytest.raises(InputError, match="line 4: TIME 2 goes back"):
        fit_population(tmp_path / "d.csv", tmp_path / "m.toml", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ('structure = "graph"', 'structure = "one_compartmen"', MissingError, "one_compartment"),
        ("[omega]", "[omegas]", InputError, "omegas"),
        ('rate = "CL/V"', 'rate = "CL/V"\ntarget = "urine"', InputError, "Nothing leaves the body"),
        ("value = 4.0,", "", InputError, "either a value or a column"),
        ("variance = 0.09", "variance = -1", InputError, "positive definite"),
        ('method = "fo"', 'method = "saem"', InputError, "model.method"),
    ],
)
def test_a_mistake_in_the_model_file_is_named(old, new, error, said):
    with pytest.raises(error, match=said):
        population_model_from_text(MODEL.replace(old, new))


TUMOUR = """
[[observation]]
dvid = 2
measured = "tumour"
volume = "VT"
error = "proportional"
unit = "mg/kg"
sigma.proportional = { sd = 0.15 }
"""


def _two_kinds():
    graph = (
        MODEL.replace("[model]", "[model]\ndvid = 1")
        .replace('rate = "CL/V"', 'rate = "CL/V"\n[[transfer]]\nsource = "central"\n'
                 'target = "tumour"\nrate = "KIN"\n[[transfer]]\nsource = "tumour"\n'
                 'target = "central"\nrate = "KOUT"')
        .replace("[omega]", "KIN = { value = 0.03, fixed = true }\n"
                 "KOUT = { value = 0.1, fixed = true }\nVT = { value = 2.0, fixed = true }\n"
                 "[omega]")
    )  # fmt: skip
    return graph + TUMOUR


def test_plasma_and_tumour_are_fitted_together(tmp_path):
    random = np.random.default_rng(2)
    lines = ["ID,TIME,AMT,DV,DVID"]
    for i in range(8):
        lines.append(f"{i},0,100,.,.")
        rate = 0.1 * np.exp(0.4 * random.standard_normal())
        for t in (1.0, 6.0, 12.0, 24.0):
            y = 2.5 * np.exp(-rate * t) + 0.1 * random.standard_normal()
            z = 2.5 * (np.exp(-0.05 * t) - np.exp(-0.2 * t)) * np.exp(0.1 * random.normal())
            lines += [f"{i},{t},.,{y},1", f"{i},{t},.,{z},2"]
    (tmp_path / "d.csv").write_text("\n".join(lines), "utf-8")
    (tmp_path / "m.toml").write_text(_two_kinds(), "utf-8")
    folder = fit_population(tmp_path / "d.csv", tmp_path / "m.toml", out=tmp_path / "out")
    estimates = (folder / "tables" / "estimates.csv").read_text("utf-8")
    assert "sigma[additive]" in estimates
    assert "sigma[tumour.proportional]" in estimates
    left = (folder / "tables" / "shrinkage.csv").read_text("utf-8").split()
    assert float(left[1].removeprefix("CL,")) < 0.5  # FO has individual estimates too
    kinds = [line.split(",")[0] for line in (folder / "tables" / "vpc.csv").read_text().split()]
    assert set(kinds[1:]) == {"central", "tumour"}
    page = report.render_fit(folder)
    assert "tumour: Predictive check" in page
    assert "Prediction-corrected value (mg/kg)" in page


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("dvid = 1", "dvid = 2", "must be given and differ"),
        ('"tumour"\nvolume', '"liver"\nvolume', "observation.measured = 'liver'"),
        ("sigma.proportional = { sd = 0.15 }", "sigma.additive = { sd = 1 }", "needs sigma"),
        ('"tumour"\nvolume', '"central"\nvolume', "called 'central'.*name = \"second assay\""),
    ],
)
def test_a_mistake_in_an_observation_is_named(old, new, said):
    with pytest.raises((InputError, MissingError), match=said):
        population_model_from_text(_two_kinds().replace(old, new))


def test_two_assays_of_one_compartment_are_told_apart_everywhere(tmp_path):
    second = (
        TUMOUR.replace('"tumour"', '"central"\nname = "ELISA"')
        .replace('"VT"', '"V"')
        .replace("mg/kg", "mg/L")
    )
    text = MODEL.replace("[model]", "[model]\ndvid = 1").replace('volume = "V"\n[[', "[[") + second
    text = text.replace("structure = ", 'volume = "V"\nstructure = ')
    random = np.random.default_rng(3)
    lines = ["ID,TIME,AMT,DV,DVID"]
    for i in range(6):
        lines.append(f"{i},0,100,.,.")
        rate = 0.1 * np.exp(0.3 * random.standard_normal())
        for t in (1.0, 6.0, 12.0):
            c = 2.5 * np.exp(-rate * t)
            lines += [f"{i},{t},.,{c + 0.1 * random.standard_normal()},1",
                      f"{i},{t},.,{c * np.exp(0.15 * random.standard_normal())},2"]  # fmt: skip
    (tmp_path / "d.csv").write_text("\n".join(lines), "utf-8")
    (tmp_path / "m.toml").write_text(text, "utf-8")
    folder = fit_population(tmp_path / "d.csv", tmp_path / "m.toml", out=tmp_path / "out")
    assert set(json.loads((folder / "fit.json").read_text("utf-8"))["kinds"]) == {
        "central",
        "ELISA",
    }
    for path in (folder / "tables").glob("*.csv"):
        header, *rows = path.read_text("utf-8").split()
        assert len(set(header.split(","))) == len(header.split(",")), path.name
        if path.stem in ("residuals", "vpc"):
            at = header.split(",").index("kind")
            assert {row.split(",")[at] for row in rows} == {"central", "ELISA"}
    assert "sigma[ELISA.proportional]" in (folder / "tables/estimates.csv").read_text("utf-8")
    assert "ELISA: Predictive check" in report.render_fit(folder)


@pytest.mark.parametrize("name", ["CL_cv", "patient", "residual"])
def test_a_parameter_that_would_share_a_column_of_the_results_is_refused(name):
    text = MODEL.replace("CL/V", f"CL/{name}").replace("V = {", f"{name} = {{")
    with pytest.raises(InputError, match=f"Parameter {name} has the name of another column"):
        population_model_from_text(text.replace('volume = "V"', ""))


@pytest.mark.parametrize("name", ["ALAG", "F", "D", "R"])
def test_lag_bioavailability_duration_and_rate_come_with_their_thetas(name):
    text = MODEL.replace("[omega]", f"{name} = {{ value = 0.5 }}\n[omega]")
    assert set(population_model_from_text(text).model.structure.needs) == {"CL", "V", name}


OCCASION = """
[occasion]
column = "OCC"
[occasion.omega]
CL = { variance = 0.04 }
"""


def test_variability_between_occasions_is_named_in_every_table(tmp_path):
    random = np.random.default_rng(4)
    lines = ["ID,TIME,EVID,AMT,DV,OCC"]
    for i in range(10):
        own = 0.1 * np.exp(0.3 * random.standard_normal())
        for day in (1, 2):
            if (i, day) == (9, 2):
                break
            rate, begin = own * np.exp(0.2 * random.standard_normal()), 48 * (day - 1)
            lines.append(f"{i},{begin},{4 if day == 2 else 1},100,.,{day}")
            for t in (1.0, 6.0, 12.0, 24.0):
                y = 2.5 * np.exp(-rate * t) + 0.05 * random.standard_normal()
                lines.append(f"{i},{begin + t},0,.,{y},{day}")
    (tmp_path / "d.csv").write_text("\n".join(lines), "utf-8")
    text = MODEL.replace('"fo"', '"focei"').replace("[sigma]", OCCASION + "[sigma]")
    (tmp_path / "m.toml").write_text(text, "utf-8")
    folder = fit_population(tmp_path / "d.csv", tmp_path / "m.toml", out=tmp_path / "out")
    table = {p.stem: p.read_text("utf-8").split() for p in (folder / "tables").glob("*.csv")}
    assert any(row.startswith("iov[CL],") for row in table["estimates"])
    assert any(row.startswith("iov[CL],") for row in table["shrinkage"])
    assert table["occasions"][0] == "patient,occasion,CL"
    assert len(table["occasions"]) == 1 + 19  # nine patients on two days, one on one
    assert "iov[CL] = " in report.render_fit(folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("CL = { variance = 0.04 }", "V = { variance = -1 }", "variance of V between occasions"),
        ("CL = { variance = 0.04 }", "KA = { variance = 0.04 }", "KA"),
        ("0.04 }", '0.04, shape = "normal" }', "CL is lognormal between patients and normal"),
    ],
)
def test_a_mistake_in_occasions_is_named(old, new, said):
    text = MODEL + OCCASION.replace(old, new)
    with pytest.raises((InputError, MissingError), match=said):
        population_model_from_text(text)


def test_data_without_the_column_of_occasions_are_refused(tmp_path):
    (tmp_path / "d.csv").write_text("ID,TIME,AMT,DV\n1,0,100,.\n1,5,.,1\n", "utf-8")
    (tmp_path / "m.toml").write_text(MODEL + OCCASION, "utf-8")
    with pytest.raises(InputError, match="covariate OCC is missing"):
        fit_population(tmp_path / "d.csv", tmp_path / "m.toml", out=tmp_path / "out")
