"""Nuclides by name: spellings, chains, lines."""

from __future__ import annotations

import json
import warnings

import jax
import numpy as np
import pytest

from pdcraft.domain import InputError, MissingError, NumericalError, ValidityWarning
from pdcraft.library.nuclides import (
    BETA_BINS,
    _bateman,
    _beta_lines,
    _folder,
    chain,
    emissions,
    nuclide,
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("I-131", "I-131"),
        ("131I", "I-131"),
        ("i131", "I-131"),
        ("131-I", "I-131"),
        (" i 131 ", "I-131"),
        ("¹³¹I", "I-131"),
        ("Pb–212", "Pb-212"),
        ("99mTc", "Tc-99m"),
        ("tc99m", "Tc-99m"),
        ("99Mo", "Mo-99"),
        ("MO99", "Mo-99"),
        ("131mXe", "Xe-131m"),
        ("lu-177M", "Lu-177m"),
        ("13N", "N-13"),
        ("54Mn", "Mn-54"),
    ],
)
def test_spellings_of_a_nuclide_are_understood(said, meant):
    assert nuclide(said) == meant


@pytest.mark.parametrize(
    ("said", "suggested"), [("Ac-255", "Ac-225"), ("Xe-131", "Xe-131m"), ("I-1131", "I-131")]
)
def test_an_unknown_nuclide_suggests_near_ones(said, suggested):
    with pytest.raises(MissingError, match=rf"'{said}' is not known.*{suggested}\b.*1252"):
        nuclide(said)


def test_a_word_that_is_no_nuclide_says_how_to_write_one():
    with pytest.raises(MissingError, match="written as I-131"):
        nuclide("lutetium please")


def test_daughters_must_stay_or_leave():
    with pytest.raises(InputError, match=r"'stay'.*'leave'"):
        chain("I-131", daughters="vanish")


def test_daughters_that_leave_are_not_followed():
    alone = chain("Ac-225", daughters="leave")
    assert alone.nuclides == ("Ac-225",)
    assert alone.bateman.tolist() == [[1.0]]


def test_chain_holds_all_radioactive_progeny_and_no_stable_ones():
    members = chain("Ac-225").nuclides
    assert members == ("Ac-225", "Fr-221", "At-217", "Bi-213", "Po-213", "Tl-209", "Pb-209")


@pytest.mark.parametrize("name", ["Th-227", "U-238", "Es-254m", "Ra-224"])
def test_bateman_starts_with_the_pure_parent(name):
    c = np.asarray(chain(name).bateman)
    start = np.zeros(len(c))
    start[0] = 1.0
    # Rounding of the coefficients, the largest of which are near 2.
    np.testing.assert_allclose(c.sum(axis=1), start, atol=1e-14)
    assert np.all(np.triu(c, 1) == 0)


def test_bateman_keeps_its_digits_when_half_lives_are_nearly_equal():
    near = 1.0 + 1e-9
    c = _bateman([1.0, near], np.array([[0.0, 0.0], [1.0, 0.0]]))
    # lam_0 / (lam_1 - lam_0) as T_1 / (T_0 - T_1): this difference is exact in floating point.
    assert c[1, 0] == pytest.approx(near / (1.0 - near), rel=1e-15)
    assert c[1, 0] == -c[1, 1]


def test_bateman_refuses_equal_half_lives():
    with pytest.raises(NumericalError, match="same half-life"):
        _bateman([1.0, 1.0], np.array([[0.0, 0.0], [1.0, 0.0]]))


def test_chain_can_be_read_for_the_first_time_inside_a_compiled_function():
    @jax.jit
    def first_use(x):
        return x * chain("Sr-91").rate_per_h[0]

    first_use(1.0)
    assert isinstance(float(chain("Sr-91").rate_per_h[0]), float)  # a leaked tracer would raise


def _table(name):
    return json.loads(json.loads((_folder() / f"{name}.json").read_text()))["emissions"]


@pytest.mark.parametrize("name", ["I-131", "Y-90", "Lu-177", "Cu-64", "I-124", "Bi-213", "Pm-147"])
def test_beta_bins_keep_yield_and_energy_of_the_branches(name):
    table = _table(name)
    branches = np.array(table["beta-"] + table["beta+"])
    energy, count = _beta_lines(np.array(table["b-spectra"]), branches).T
    assert len(energy) <= BETA_BINS
    assert np.all(np.diff(energy) > 0)
    assert count.sum() == pytest.approx(branches[:, 1].sum(), rel=1e-12)
    assert energy @ count == pytest.approx(branches[:, 0] @ branches[:, 1], rel=1e-12)


@pytest.mark.parametrize("name", ["I-131", "Y-90", "Lu-177", "Cu-64", "I-124", "Bi-213"])
def test_beta_bins_change_the_tabulated_spectrum_by_half_a_percent_at_most(name):
    table = _table(name)
    spectrum = np.array(table["b-spectra"])
    energy, count = _beta_lines(spectrum, np.array(table["beta-"] + table["beta+"])).T
    for part in (0.25, 0.5, 0.75):  # electrons below a part of the end-point, at an edge of a bin
        edge = part * spectrum[-1, 0]
        grid = np.linspace(0, edge, 20_001)
        tabulated = np.trapezoid(np.interp(grid, *spectrum.T), grid)
        assert count[energy < edge].sum() == pytest.approx(tabulated, rel=5e-3)


def test_lines_rise_in_energy_and_have_a_yield():
    actinium = emissions("Ac-225")
    for radiation in ("photon", "electron", "alpha"):
        energy = np.asarray(getattr(actinium, f"{radiation}_MeV"))
        assert len(energy) > 0
        assert np.all(np.diff(energy) >= 0)
        assert np.all(np.asarray(getattr(actinium, f"{radiation}_yield")) > 0)


def test_positrons_bring_their_annihilation_photons():
    copper = emissions("Cu-64")
    at_511 = np.asarray(copper.photon_yield)[np.asarray(copper.photon_MeV) == 0.511]
    assert at_511 == pytest.approx([2 * 0.174083])


def test_a_nuclide_without_betas_has_no_beta_bins():
    assert len(emissions("Po-212").electron_MeV) == 0


def test_fission_is_warned_of():
    with pytest.warns(ValidityWarning, match="fissions by itself"):
        emissions("Cf-252")


def test_other_nuclides_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        emissions("Lu-177")
