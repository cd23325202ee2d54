"""Rows of doses: whose organs they are of, and what their interval holds."""

import numpy as np
import pytest

from pdcraft.study.results import curves_activity, doses

PLACES = ("liver", "testes", "ovaries")


def kept(sex):
    """Four patients; the organ that a patient has not would get 100 Gy."""
    sex = np.asarray(sex)
    Gy = np.stack([[1.0, 2.0, 3.0, 4.0], np.where(sex == 0, 5.0, 100.0),
                   np.where(sex == 1, 6.0, 100.0)], axis=1)  # fmt: skip
    return {"number": np.arange(4), "sex": sex, "dose_Gy": Gy, "given_MBq": np.full(4, 500.0),
            "activity_MBq": Gy[:, None, :]}  # fmt: skip


def test_doses_of_testes_are_those_of_men_and_of_ovaries_those_of_women():
    found = {row[1]: row[2:] for row in doses("one", kept([0, 1, 0, 0]), PLACES)}
    assert found["testes"][:5] == pytest.approx([5.0, 5.0, 5.0, 5.0, 10.0])
    assert found["ovaries"][:5] == pytest.approx([6.0, 6.0, 6.0, 6.0, 12.0])
    assert found["liver"][0] == pytest.approx(2.5)
    low, high = found["liver"][5:]
    assert 1.0 <= low < 2.5 < high <= 4.0
    curves = {row[1]: row[4] for row in curves_activity("one", kept([0, 1, 0, 0]), PLACES, [0.0])}
    assert curves == pytest.approx({"liver": 2.5, "testes": 5.0, "ovaries": 6.0})


def test_an_organ_that_nobody_has_makes_no_row():
    assert [row[1] for row in doses("one", kept([0, 0, 0, 0]), PLACES)] == ["liver", "testes"]
