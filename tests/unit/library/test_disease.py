"""Every disease of the library is whole: criteria, population, what its models need."""

import pytest

from pdcraft.domain import MissingError
from pdcraft.domain.parameter import check_needs
from pdcraft.library import disease, names_on
from pdcraft.study import study_from_text
from pdcraft.study.prepare import effects_of, endpoints, parameter_sets

STUDY = """
[study]
name = "a"
agent = "clr131"
disease = "{}"
[[cohort]]
name = "one"
doses = [{{ at = "0 d", activity = "25 mCi/m2" }}]
"""


@pytest.mark.parametrize("name", names_on("diseases"))
def test_a_disease_has_all_that_its_models_need(name):
    study = study_from_text(STUDY.format(name))
    parameters, _ = parameter_sets(study)
    for model in (*effects_of(study, steps=180), *endpoints(study)):
        check_needs(model.needs, parameters, type(model).__name__)
    assert disease(name).title


def test_the_six_diseases_are_there():
    assert set(names_on("diseases")) == {
        "multiple_myeloma", "waldenstrom", "dlbcl", "marginal_zone_lymphoma",
        "mantle_cell_lymphoma", "cll_sll",
    }  # fmt: skip


def test_an_unknown_disease_is_refused():
    with pytest.raises(MissingError, match="waldenstrom"):
        disease("waldenstroem")
