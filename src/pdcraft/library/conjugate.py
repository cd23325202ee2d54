"""Conjugates as carrier + payload, from ``agents/``, ``carriers/`` and ``payloads/``."""

from __future__ import annotations

import functools

from pdcraft.domain import Agent, Carrier, Drug, InputError, Payload
from pdcraft.library.nuclides import chain, emissions
from pdcraft.library.read import names_on, read_toml


@functools.cache
def agent(name: str, *, payload: str | None = None) -> Agent:
    """A conjugate of the library, with its own payload or another one.

    Parameters
    ----------
    name
        As ``"clr131"``.
    payload
        Another payload on the same carrier, as ``"I-124"``, ``"paclitaxel"`` or any radionuclide
        of ICRP 107.

    Raises
    ------
    MissingError
        If the conjugate or the nuclide is not known.

    Examples
    --------
    >>> agent("clr131").payload.name
    'I-131'
    >>> agent("clr131", payload="I-124").name
    'CLR1404 + I-124'
    """
    row = read_toml("agents", name)
    carrier = read_toml("carriers", row["carrier"])
    own = row["payload"]
    chosen = payload_named(payload or own)
    title = row["name"] if chosen.name == own else f"{carrier['name']} + {chosen.name}"
    return Agent(
        title,
        Carrier(carrier["name"], carrier["formula"], float(carrier["molar_mass_g_per_mol"])),
        chosen,
    )


def payload_named(name: str) -> Payload:
    """A payload of ``payloads/`` (a cytotoxic too), else any radionuclide with its progeny."""
    described = name in names_on("payloads")
    if described and "drug" in (row := read_toml("payloads", name)):
        return Payload.cytotoxic(
            Drug(row["drug"], row["formula"], float(row["molar_mass_g_per_mol"]))
        )
    daughters = read_toml("payloads", name)["daughters"] if described else "stay"
    if daughters not in ("stay", "leave"):
        raise InputError(
            f"library/payloads/{name}.toml: daughters = '{daughters}' must be 'stay' or 'leave'."
        )
    members = chain(name, daughters=daughters)
    return Payload(
        members.nuclides[0], members, tuple(emissions(nuclide) for nuclide in members.nuclides)
    )
