import pytest

from pdcraft.app.epidemiology import lines
from pdcraft.domain import InputError

ASKED = {
    "year": 2016, "criteria": None, "sites": None, "per_site": 0.25, "ramp_up_d": 0.0,
    "patients": 30, "followup_d": 84.0, "seerstat": None,
}  # fmt: skip


def told(disease="multiple_myeloma", **changed):
    return "\n".join(lines(disease, **(ASKED | changed)))


def test_a_disease_is_told_with_sources_orphan_limit_and_duration():
    text = told(criteria="refractory=0.2,fit=0.5", sites=10)
    assert "30,330  [acsmyeloma" in text and "below the limit" in text
    assert "3,033" in text and "median" in text
    assert "multiple_myeloma: " in told(None)
    assert "no figure of persons living" in told("waldenstrom_macroglobulinemia")


def test_an_export_of_your_own_replaces_the_figures(tmp_path):
    file = tmp_path / "export.txt"
    file.write_text("Year of diagnosis\tCount\n2015\t6,000\n2016\t6,100\n")
    assert "your export, 2016" in told(seerstat=file, criteria="fit=0.5")


def test_criteria_that_cannot_be_read_are_refused():
    with pytest.raises(InputError, match="name=share"):
        told(criteria="fit")
    with pytest.raises(InputError, match="No new cases"):
        told("hodgkin_lymphoma", sites=3)
