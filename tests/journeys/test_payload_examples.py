"""Another payload, a drug, mice: each is a study file, and its report names the right things."""

import csv
from pathlib import Path

import pytest

from pdcraft import report, study
from pdcraft.biology import CytotoxicKill, LinearKill
from pdcraft.domain import PdcraftError
from pdcraft.study import prepare, study_from_text
from pdcraft.study.assumptions import assumption_rows, validity_rows
from pdcraft.study.organ_doses import doses_of_study

# Some of the individuals always lie outside a checked range.
pytestmark = pytest.mark.filterwarnings("ignore::pdcraft.domain.errors.ValidityWarning")
EXAMPLES = Path(__file__).parents[2] / "examples"
PAYLOADS = {
    "I-131": "noble gas", "I-124": "stable", "I-125": "stable", "I-123": "stable",
    "Lu-177": "stable", "Y-90": "stable", "Pb-212": "Bi-212", "At-211": "Po-211",
    "Ac-225": "Bi-213", "F-18": "stable",
}  # fmt: skip


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "tables" / f"{name}.csv").read_text("utf-8").splitlines()))


def text_of(name: str) -> str:
    return (EXAMPLES / f"{name}.toml").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_one_word_swaps_the_payload_and_the_report_says_what_becomes_of_daughters(name):
    # With the small kinetic model, so that ten payloads take no longer than one.
    text = text_of("clr124_imaging").replace('agent     = "clr124"',
        f'agent = "clr131"\npayload = "{name}"')  # fmt: skip
    asked = study_from_text(text.replace("[kinetics]", '[kinetics]\nmodel = "two_pool"'))
    prepared = prepare(asked)
    assert prepared.plan.agent.payload.chain.nuclides[0] == name
    said = next(r for r in assumption_rows(prepared) if r[0] == "payload.daughters")
    assert PAYLOADS[name] in str(said[6])
    doses = doses_of_study(asked)
    gray = dict(zip(doses.targets, doses.total_Gy.tolist(), strict=True))
    assert all(0 < gray[region] < 1e4 for region in ("red marrow", "liver", "kidneys"))


def test_mice_with_a_xenograft_grow_later_the_more_they_are_given(tmp_path):
    file = tmp_path / "mice.toml"
    file.write_text(text_of("mouse_clr125").replace('"60 d"', '"40 d"'), "utf-8")
    folder = study.run(file, out=tmp_path / "out", patients=6)
    day = [float(r["fourfold_day_p50"] or "inf") for r in rows(folder, "growth")]
    assert day[0] < day[1] <= day[2]
    gray = {r["cohort"]: float(r["Gy_p50"]) for r in rows(folder, "doses")
            if r["region"] == "xenograft"}  # fmt: skip
    assert gray["control"] == 0
    assert gray["2 x 74 MBq"] == pytest.approx(2 * gray["74 MBq"], rel=1e-5)
    given = {(r["cohort"], r["unit"]): r["value_p50"] for r in rows(folder, "given")}
    assert float(given["74 MBq", "ug"]) == pytest.approx(74 * 0.610624, rel=1e-5)
    assert (given["control", "ug"], given["control", "%"]) == ("0", "")
    assert {r["endpoint"] for r in rows(folder, "km")} == {"growth", "survival"}
    page = report.render(folder)
    for said in (
        "Every mouse",
        "Labelled carrier",
        "xenograft of A2780",
        "Tumour volume",
        "mice per group",
    ):
        assert said in page
    for absent in ("CTCAE", "M-protein", "Blood counts"):
        assert absent not in page.split("Assumptions</h2>")[0]


def test_mice_given_a_drug_grow_later_the_more_they_are_given(tmp_path):
    file = tmp_path / "mice.toml"
    file.write_text(text_of("mouse_clr1602_ptx").replace('"60 d"', '"30 d"'), "utf-8")
    folder = study.run(file, out=tmp_path / "out", patients=5)
    assert not (folder / "tables" / "doses.csv").exists()
    day = [float(r["limit_day_p50"] or "inf") for r in rows(folder, "growth")]
    assert day[0] < day[1] < day[2]
    mm3 = [float(r["p50"]) for r in rows(folder, "curves_markers") if r["day"] == "14"]
    assert mm3[0] > mm3[1] > mm3[2]
    free = {(r["cohort"], r["region"]): float(r["ug_h_per_mL_p50"])
            for r in rows(folder, "exposure")}  # fmt: skip
    assert {region for _, region in free} == {"plasma", "xenograft"}
    assert free["control", "xenograft"] == 0
    for region in ("plasma", "xenograft"):  # linear; the last dose is not quite over on day 30
        once, thrice = (free[group, region] for group in ("5 mg/kg", "3 x 5 mg/kg"))
        assert thrice == pytest.approx(3 * once, rel=0.01)
    page = report.render(folder)
    before = page.split("Assumptions</h2>")[0]
    for said in ("Every mouse", "Paclitaxel set free", "Doses (mg/kg)", "a what-if",
                 "In the xenograft it is set free"):  # fmt: skip
        assert said in before
    for absent in ("bsorbed dose", "dose rate", "MBq", "Neutrophils", "neutropenia"):
        assert absent not in before.split("<script")[0].split("<main")[1]


@pytest.mark.parametrize(("tumour", "kill"), [("a2780", LinearKill), ("h929", CytotoxicKill)])
def test_a_tumour_published_with_the_drug_is_killed_as_published_others_as_in_cultures(
    tumour, kill
):
    text = text_of("mouse_clr1602_ptx").replace('"a2780"', f'"{tumour}"')
    prepared = prepare(study_from_text(text))
    (xenograft,) = prepared.plan.effects
    assert type(xenograft.drug) is kill
    assert ("paclitaxel.kill_rate" in prepared.parameters) == (kill is CytotoxicKill)
    assert any("at one rate everywhere" in str(r[1]) for r in validity_rows(prepared))


def test_a_drug_is_reported_by_its_concentration_and_without_any_dose(tmp_path):
    file = tmp_path / "drug.toml"
    file.write_text(text_of("clr1602_ptx").replace('"90 d"', '"60 d"'), "utf-8")
    folder = study.run(file, out=tmp_path / "out", patients=4)
    assert not (folder / "tables" / "doses.csv").exists()
    assert not (folder / "tables" / "curves_activity.csv").exists()
    free = {(r["cohort"], r["region"]): float(r["ug_h_per_mL_p50"])
            for r in rows(folder, "exposure")}  # fmt: skip
    assert free["3 x 200 mg/m2", "plasma"] > 2.5 * free["200 mg/m2", "plasma"] > 0
    assert free["200 mg/m2", "tumour"] > free["200 mg/m2", "plasma"]
    given = {(r["cohort"], r["what"]): float(r["value_p50"]) for r in rows(folder, "given")}
    mg, umol = (given["200 mg/m2", what] for what in ("paclitaxel", "conjugate"))
    assert umol == pytest.approx(1e3 * mg / 853.9, rel=1e-4)  # printed with six digits
    page = report.render(folder)
    before = page.split("Assumptions</h2>")[0]
    for said in ("Paclitaxel set free", "Doses (mg/m²)", "a what-if", "Neutrophils"):
        assert said in before
    for absent in ("Absorbed dose", "MBq", "mCi"):
        assert absent not in before.split("<script")[0]
    assert "linker.<wbr>release_<wbr>rate" in page


@pytest.mark.parametrize(
    ("name", "good", "bad", "said"),
    [
        ("clr1602_ptx", 'mass = "200 mg/m2"', 'activity = "200 MBq/m2"', "does not decay"),
        ("clr1602_ptx", 'mass = "200 mg/m2"', 'mass = "200 MBq/m2"', "mass per body surface is n"),
        ("mouse_clr125", 'activity = "74 MBq"', 'mass = "74 mg"', "acts by its activity"),
        ("mouse_clr125", 'activity = "74 MBq"', 'activity = "2 mCi/m2"', "a mouse is dosed by"),
        ("mouse_clr125", '"a2780"', '"a2870"', "Did you mean 'a2780'"),
        ("mouse_clr125", 'xenograft = "a2780"', "", "names its tumour"),
        ("mouse_clr125", 'agent     = "clr125"', 'agent = "clr1602_ptx"', 'mice "20 mg/kg"'),
        ("mouse_clr1602_ptx", "mg/kg", "mg/m2", 'of a drug mass = "20 mg/kg"'),
    ],
)
def test_a_unit_that_does_not_fit_the_payload_is_named(name, good, bad, said):
    text = text_of(name)
    assert good in text
    with pytest.raises(PdcraftError, match=said):
        prepare(study_from_text(text.replace(good, bad)))


def test_the_drug_is_marked_as_a_what_if():
    prepared = prepare(study_from_text(text_of("clr1602_ptx")))
    assert any("what-if" in str(r[1]) for r in validity_rows(prepared))
    status = {r[0]: r[4] for r in assumption_rows(prepared)}
    assert status["linker.release_rate"] == status["paclitaxel.cycling_share"] == "assumption"
