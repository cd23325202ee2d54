"""One patient with the library's typical values, and dose rates to give him."""

import csv

import jax.numpy as jnp
import pytest

from pdcraft.biology import Marrow, Myeloma, respond
from pdcraft.domain import (
    Anatomy,
    DoseRate,
    Effect,
    Exponentials,
    Patient,
    Regions,
    Samples,
    Values,
)
from pdcraft.library import read_toml, shelf

RADIATIONS = ("photon", "electron", "alpha")


@pytest.fixture(scope="session")
def typical():
    table = {
        **read_toml("tissues", "marrow"), **read_toml("tissues", "support"),
        **read_toml("diseases", "multiple_myeloma"),
        **read_toml("species", "relapsed_myeloma_population"),
    }  # fmt: skip
    table.pop("meta")
    return {name: row["value"] for name, row in table.items()}


@pytest.fixture(scope="session")
def make_patient(typical):
    def make(number=0, **changes):
        values = {**typical, **{k.replace("__", "."): v for k, v in changes.items()}}
        body = Anatomy(Regions((), jnp.zeros(0)), jnp.asarray(0))
        zero = jnp.asarray(0.0)
        return Patient(
            jnp.asarray(number), body, zero, zero, zero, zero,
            Values(tuple(values), jnp.array(list(values.values()))),
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def make_dose_rate():
    def make(marrow_Gy=1.2, tumour_Gy=5.0, half_life_h=156.0, radiation="electron", start_h=0.0):
        lam = jnp.log(2.0) / half_life_h
        modes = Exponentials(lam[None], jnp.array([start_h]), jnp.zeros(1))
        space = Regions(("red marrow", "tumour"), jnp.array([1170.0, 100.0]))
        Gy = jnp.zeros((2, 3, 1)).at[:, RADIATIONS.index(radiation), 0]
        return DoseRate(space, RADIATIONS, modes, Gy.set(jnp.array([marrow_Gy, tumour_Gy]) * lam))

    return make


@pytest.fixture(scope="session")
def clock():
    return Samples(jnp.arange(0.0, 181.0) * 24.0)


@pytest.fixture(scope="session")
def ctcae_rows():
    return list(csv.DictReader(shelf("endpoints").joinpath("ctcae.csv").read_text().splitlines()))


@pytest.fixture(scope="session")
def with_course(clock):
    """Effect that holds nothing but given courses, as drawn by hand."""

    def make(**markers):
        names = tuple(k.replace("_", "-") if k.startswith("M") else k for k in markers)
        rows = jnp.stack([jnp.asarray(v, float) for v in markers.values()])
        days = Samples(jnp.arange(rows.shape[1]) * 24.0)
        none = jnp.zeros(0)
        return Effect((), none, none, none, names, ("",) * len(names), days, rows)

    return make


@pytest.fixture(scope="session")
def effect(make_patient, make_dose_rate, clock):
    """What 1.2 Gy to the marrow and 20 Gy to the tumour do to the typical patient."""
    models = (Marrow(), Myeloma())
    return respond(models, make_dose_rate(tumour_Gy=20.0), None, make_patient(), clock)
