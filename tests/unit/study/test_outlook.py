import numpy as np
import pytest

from pdcraft.study import outlook, results

DAYS = np.arange(4.0)
EVENTS = (
    "thrombocytopenia", "platelet recovery", "anaemia", "haemoglobin recovery", "best response",
    "progression or death", "quality of life",
)  # fmt: skip


def kept(n=400):
    """Platelets that fall in everybody, haemoglobin that nothing touches."""
    random = np.random.default_rng(1)
    alpha, neutrophils, growth = random.lognormal(size=(3, n))
    platelets = np.stack([100 * np.exp(-alpha * s) for s in (0.0, 0.2, 0.5, 0.1)], axis=1)
    haemoglobin = np.full((n, 4), 7.5)
    transfused = np.array([0, 0, 1, 2]) * (np.arange(n) < n // 4)[:, None]
    grade = np.zeros((n, len(EVENTS)), int)
    grade[:, 2] = 3
    value = np.zeros((n, len(EVENTS)))
    value[:, 0], value[:, 2], value[:, 4], value[:, 5] = platelets.min(axis=1), 7.5, growth, -growth
    return {
        "number": np.arange(n), "event_value": value, "event_grade": grade,
        "event_happened": np.ones((n, len(EVENTS)), bool),
        "event_time_h": np.full((n, len(EVENTS)), 48.0),
        "markers": np.stack([platelets, haemoglobin, transfused, 0 * transfused], axis=1),
        "parameters": np.stack([alpha, alpha * (1 + 0.01 * neutrophils), growth, np.ones(n)], 1),
    }  # fmt: skip


def test_a_lineage_that_nothing_touches_has_no_day_and_haemoglobin_no_grade_4():
    markers = [("platelets", "1e9/L"), ("haemoglobin", "g/dL")]
    rows = results.toxicity("a", kept(), EVENTS, markers, DAYS, worst={"haemoglobin": 3})
    one, other = (dict(zip(results.COLUMNS["toxicity"], row, strict=True)) for row in rows)
    assert one["nadir_day_p50"] == 2.0 and one["p_grade4"] == 0.0
    assert np.isnan(other["nadir_day_p50"]) and np.isnan(other["recovery_day_p50"])
    assert other["p_grade3plus"] == 1.0 and np.isnan(other["p_grade4"])


def test_sensitivity_leaves_out_what_cannot_act_and_what_chance_shows():
    names = ("platelets.alpha", "neutrophils.alpha", "tumour.growth_rate", "tumour.alpha")
    found = {
        (row[1], row[2]): row[3] for row in outlook.sensitivity("a", kept(), EVENTS, names)
    }  # fmt: skip
    assert found[("lowest platelets", "platelets.alpha")] == pytest.approx(-1.0)
    assert found[("best change", "tumour.growth_rate")] == pytest.approx(1.0)
    assert len(found) == 3  # and time without progression; neutrophils rise with platelets in vain


def test_the_share_transfused_never_falls():
    markers = ("platelets", "haemoglobin", "platelet transfusions", "red cell transfusions")
    rows = outlook.curves_support("a", kept(), markers, DAYS)
    assert [row[3] for row in rows if row[1] == "platelet transfusions"] == [0.0, 0.0, 0.25, 0.25]
    assert {row[3] for row in rows if row[1] == "red cell transfusions"} == {0.0}


def test_quality_of_life_is_a_mean_and_a_share():
    found = kept()
    found["event_value"][:, -1], found["event_happened"][:, -1] = -4.0, np.arange(400) < 100
    (row,) = results.quality_of_life("a", found, EVENTS)
    assert row[1:4] == pytest.approx([-4.0, -4.0, -4.0]) and row[4] == 0.25
    assert len(row) == len(results.COLUMNS["quality_of_life"])
