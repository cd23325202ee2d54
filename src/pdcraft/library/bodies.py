"""Reference bodies for kinetics, from the CSV files in ``physiology/``."""

from __future__ import annotations

import functools

import numpy as np

from pdcraft.domain import InputError, unknown
from pdcraft.domain.physiology import Physiology
from pdcraft.library.read import read_rows


@functools.cache
def physiology(name: str) -> Physiology:
    """A reference body, as ``physiology("adult_male")``.

    Flows and blood must close: tissues together get the whole cardiac output, and tissues, heart
    and large vessels hold the whole blood.

    Raises
    ------
    MissingError
        If the library has no such body.
    InputError
        If masses, flows or blood volumes do not close to 0.1 %.

    References
    ----------
    icrp89, Tables 2.8, 2.9, 2.12, 2.14, 2.39 and 2.40; brown1997 for the mouse

    Examples
    --------
    >>> man = physiology("adult_male")
    >>> sum(man.mass_g), round(sum(man.flow_share), 12)
    (66742.0, 1.0)
    """
    bodies = {row["body"]: row for row in read_rows("physiology/bodies.csv")}
    if name not in bodies:
        raise unknown("Physiology", name, bodies)
    body = {key: float(value) for key, value in bodies[name].items() if key != "body"}
    rows = read_rows(f"physiology/{name}.csv")
    lipids = {row["tissue"]: row for row in read_rows("physiology/lipids.csv")}

    def column(key: str) -> np.ndarray:
        return np.array([float(row[key]) for row in rows])

    def of_lipids(key: str) -> np.ndarray:
        return np.array([float(lipids[row["lipids"]][key]) for row in rows])

    mass = column("mass_g").sum() + body["blood_mass_g"] + body["contents_g"]
    vessels = sum(
        body[f"{part}_percent"] for part in ("heart", "arteries", "veins", "pulmonary")
    )  # fmt: skip
    for what, found, wanted in (
        ("masses (g)", mass, 1e3 * body["body_mass_kg"]),
        ("flows (% of cardiac output)", column("flow_percent").sum(), 100.0),
        ("blood (%)", column("blood_percent").sum() + vessels, 100.0),
    ):
        if abs(found / wanted - 1.0) > 1e-3:
            raise InputError(f"library/physiology/{name}: {what} add up to {found}, not {wanted}.")
    half_heart = 0.5 * body["heart_percent"]
    phospholipid = (
        of_lipids("neutral_phospholipid") + 1e-3 * of_lipids("acidic_phospholipid_mg_per_g")
    )  # fmt: skip
    return Physiology(
        name,
        tuple(row["tissue"] for row in rows),
        tuple(row["region"] for row in rows),
        tuple(row["tissue"] for row in rows if row["drains_to"] == "liver"),
        tuple(column("mass_g").tolist()),
        tuple((column("flow_percent") / column("flow_percent").sum()).tolist()),
        tuple((column("blood_percent") / 100.0).tolist()),
        tuple(phospholipid.tolist()),
        tuple(of_lipids("neutral_lipid").tolist()),
        body["body_mass_kg"],
        60.0 * body["cardiac_output_L_per_min"],
        body["plasma_mL"],
        body["red_cells_mL"] / (body["red_cells_mL"] + body["plasma_mL"]),
        (body["arteries_percent"] + half_heart) / 100.0,
        (body["veins_percent"] + half_heart) / 100.0,
        body["pulmonary_percent"] / 100.0,
        body["heart_percent"] / 100.0,
    )
