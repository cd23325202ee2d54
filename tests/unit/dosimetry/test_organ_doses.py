"""Organ doses from time-integrated activities."""

import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError, MissingError
from pdcraft.domain.errors import ValidityWarning
from pdcraft.dosimetry.organ_doses import organ_doses, progeny_yields, reference_anatomy
from pdcraft.study.organ_doses import doses_from, mird_engine


@pytest.fixture(scope="module")
def engine():
    return mird_engine("I-131", "adult_male")


def test_doses_add_up_over_sources_and_double_with_the_activity(engine):
    body = reference_anatomy(engine)
    one = organ_doses(engine, body, {"liver": [1.0, 0.01]})
    other = organ_doses(engine, body, {"kidneys": 2.0})
    both = organ_doses(engine, body, {"kidneys": 4.0, "liver": [2.0, 0.02]})
    assert np.allclose(both.total_Gy, 2 * (one.total_Gy + other.total_Gy), rtol=1e-12)
    assert np.all(both.total_sigma_Gy < 0.1 * both.total_Gy)


def test_progeny_decays_as_often_as_its_branch_says():
    chain = library.chain("Ac-225")
    yields = dict(zip(chain.nuclides, progeny_yields(chain), strict=True))
    assert yields["Fr-221"] == pytest.approx(1.0, abs=1e-6)
    assert yields["Po-213"] + yields["Tl-209"] == pytest.approx(1.0, abs=2e-3)


def test_a_source_without_volume_a_mass_of_zero_and_a_wrong_name_are_refused(engine):
    with pytest.raises(InputError, match="no volume"):
        organ_doses(engine, reference_anatomy(engine), {"tumour": 1.0})
    with pytest.raises(InputError, match="greater than 0"):
        reference_anatomy(engine, mass_g={"kidneys": 0.0})
    with pytest.raises(MissingError, match="Did you mean 'spleen'"):
        organ_doses(engine, reference_anatomy(engine), {"splen": 1.0})
    with pytest.raises(InputError, match="not negative"):
        organ_doses(engine, reference_anatomy(engine), {"liver": -1.0})


def test_masses_far_from_the_reference_warn():
    with pytest.warns(ValidityWarning, match="5 times that of"):
        doses_from("Y-90", "adult_male", {"liver": 1.0}, mass_g={"liver": 5 * 1907.2})


def test_a_smaller_body_gets_more_from_the_same_activity():
    dose = {}
    for name in ("adult_male", "age_5", "newborn"):
        found = doses_from("I-131", name, {"liver": 1.0, "rest of body": 1.0})
        dose[name] = found.total_Gy[found.targets.index("total body")]
    assert dose["newborn"] > 4 * dose["age_5"] > 8 * dose["adult_male"]


def test_in_a_mouse_the_xenograft_is_a_region_and_shares_electrons_with_its_neighbours():
    found = doses_from("Y-90", "mouse", {"tumour": 1.0})
    at = found.targets.index
    by_electrons = found.Gy[:, 0, 1]
    assert by_electrons[at("tumour")] > 10 * by_electrons[at("skin")] > 0
    assert by_electrons[at("brain")] == 0.0
    assert 0.75 < found.closure[0] < 0.9  # the rest leaves through the skin


def test_the_rest_of_a_mouse_without_its_liver_gives_the_liver_less_than_the_whole():
    even = doses_from("I-131", "mouse", {"total body": 1.0})
    rest = doses_from("I-131", "mouse", {"rest of body": 1.0, "liver": 0.0})
    at = even.targets.index("liver")
    assert rest.total_Gy[at] < even.total_Gy[at]


def test_marrow_of_a_body_without_marrow_is_part_of_the_rest():
    marrow, rest = (
        doses_from("I-131", "mouse", {name: 1.0}) for name in ("red marrow", "rest of body")
    )
    assert np.allclose(marrow.Gy, rest.Gy)
