"""Quantities as text, and constants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdcraft.domain import InputError
from pdcraft.domain.units import (
    _UNITS,
    AVOGADRO_PER_NMOL,
    DECAYS_PER_MBQ_H,
    GY_G_PER_MEV_MBQ_H,
    dimension_of,
    read_quantity,
)


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("12.5 mCi/m2", "activity per body surface", 462.5),
        ("12.5 mCi/m²", "activity per body surface", 462.5),
        ("12.5 mCi/m^2", "activity per body surface", 462.5),
        ("7.4 GBq", "activity", 7400.0),
        ("1 Ci", "activity", 37000.0),
        ("100 µCi", "activity", 3.7),
        ("30 min", "time", 0.5),
        ("60min", "time", 1.0),
        ("2 weeks", "time", 336.0),
        ("-1e-1 d", "time", -2.4),
        ("10 g/dL", "mass concentration", 100.0),
        ("50 %", "fraction", 0.5),
        ("200 cGy", "absorbed dose", 2.0),
    ],
)
def test_quantities_are_read_into_house_units(text, dimension, value):
    assert read_quantity(text, dimension) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "dimension", "says"),
    [
        (
            "12.5 mCi",
            "activity per body surface",
            r"'12.5 mCi' is a quantity of activity; activity per body surface is needed. "
            r"Write it in MBq/m2, GBq/m2 or mCi/m2",
        ),
        ("740", "activity", r"'740' is not a number with a unit. Write it in Bq, .* or Ci"),
        ("0.51", "fraction", r"'0.51' is not a number with a unit"),  # not 0.5 of the unit "1"
        ("lots of MBq", "activity", r"'lots of MBq' is not a number with a unit"),
        ("740 mbq", "activity", r"unit 'mbq' is not known. Write it in Bq, kBq, MBq"),
        ("5 furlongs", "time", r"unit 'furlongs' is not known. Write it in h, min"),
        ("3 h", "colour", r"Dimension 'colour' is not one that pdcraft reads"),
        ("nan h", "time", r"'nan h' is not a number with a unit"),
    ],
)
def test_a_wrong_quantity_says_what_would_be_right(text, dimension, says):
    with pytest.raises(InputError, match=says):
        read_quantity(text, dimension)


@given(st.floats(1e-6, 1e9), st.sampled_from(sorted(_UNITS)))
def test_every_unit_reads_back_to_its_value(value, unit):
    dimension, factor = _UNITS[unit]
    text = f"{value!r} {unit}"
    assert dimension_of(text) == dimension
    assert read_quantity(text, dimension) / factor == pytest.approx(value, rel=1e-14)


def test_milli_and_mega_are_not_confused():
    assert dimension_of("3 mBq") == ""
    assert dimension_of("3 MBq") == "activity"


def test_text_without_a_unit_has_no_dimension():
    assert dimension_of("3") == dimension_of("three hours") == ""


def test_constants_agree_with_their_definitions():
    # 1 MBq h is 3.6e9 decays; 1 MeV in 1 g is 1.602e-13 J / 1e-3 kg.
    assert DECAYS_PER_MBQ_H == 1e6 * 3600
    assert pytest.approx(1.602176634e-13 / 1e-3 * 3.6e9) == GY_G_PER_MEV_MBQ_H
    assert pytest.approx(6.02214076e23 * 1e-9, rel=1e-15) == AVOGADRO_PER_NMOL
