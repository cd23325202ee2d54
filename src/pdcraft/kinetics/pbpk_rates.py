"""Rates of the whole body of one patient: from body, covariates and the carrier's parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax.numpy as jnp
from jaxtyping import Array

from pdcraft.domain import Patient
from pdcraft.domain.physiology import Physiology
from pdcraft.kinetics.circulation import Circulation, unbound_fraction

NEEDS = {
    "binding.albumin": "L/g", "binding.lipoprotein": "L/mmol", "plasma.albumin": "g/L",
    "plasma.ldl": "mmol/L", "membrane.partition": "mL/g", "membrane.neutral_lipid": "1",
    "membrane.permeability": "mL/h/g", "brain.permeability_ratio": "1",
    "liver.intrinsic_clearance": "mL/h/g", "liver.loss_as_iodide": "1",
    "liver.loss_to_bile": "1", "liver.function": "1", "kidneys.filtration": "mL/min",
    "kidneys.reabsorbed": "1", "marrow.partition": "1", "tumour.uptake_ratio": "1",
    "raft.entry_rate": "1/h", "raft.exit_rate": "1/h", "raft.internalisation_rate": "1/h",
    "internal.loss_rate": "1/h", "internal.loss_as_iodide": "1", "thyroid.blockade": "1",
    "rate.exponent": "1", "rate.reference_mass": "kg",
}  # fmt: skip
"""Parameters of the library file ``kinetics/clr1404_pbpk`` that the rates need, and their units."""


def of_body(bodies: Sequence[Physiology], patient: Patient) -> Callable[[str], Array]:
    """Reader of the fields of this patient's reference body, one body if all subjects share it."""
    sex = patient.anatomy.sex if len(bodies) > 1 else 0
    return lambda field: jnp.asarray([getattr(b, field) for b in bodies])[sex]


def circulation_of(
    bodies: Sequence[Physiology], sites: Sequence[str], patient: Patient, *, halogen: bool = True
) -> Circulation:
    """Rates of one patient with these tumour sites.

    Parameters
    ----------
    bodies
        Reference bodies by index of sex; one if all subjects share it.
    sites
        Myeloma in marrow, then lesions, each with ``<site>.mass``.
    patient
        With everything in `NEEDS`.
    halogen
        Whether free label moves as iodide.
    """
    body, p = bodies[0], patient.parameters
    mass, flow, plasma, K = _pools(bodies, sites, patient)
    pace = (patient.body_mass_kg / p["rate.reference_mass"]) ** p["rate.exponent"]
    PS = jnp.full(mass.shape, pace * p["membrane.permeability"])  # mL/(h g)
    if "brain" in body.tissues:
        PS = PS.at[body.tissues.index("brain")].multiply(p["brain.permeability_ratio"])
    fu, free = unbound_fraction(p), 1.0 if halogen else 0.0
    kidneys, liver = (body.tissues.index(n) for n in ("kidneys", "liver"))
    filtered = 60.0 * p["kidneys.filtration"] * fu * (1.0 - p["kidneys.reabsorbed"])
    broken = pace * p["liver.intrinsic_clearance"] * p["liver.function"] / K[liver]
    iodide, inner = free * p["liver.loss_as_iodide"], free * p["internal.loss_as_iodide"]
    bile = (1.0 - iodide) * p["liver.loss_to_bile"]
    raft = [p[f"raft.{what}_rate"] for what in ("entry", "exit", "internalisation")]
    of = of_body(bodies, patient)
    whole = of("plasma_mL") * patient.body_mass_kg / of("body_mass_kg")
    return Circulation(
        body.tissues, tuple(sites), body.portal, flow, plasma,
        of("arteries") * whole, of("veins") * whole,
        PS * fu * mass / plasma, PS / K, broken,
        jnp.stack([iodide, bile, 1.0 - iodide - bile]), filtered / plasma[kidneys],
        pace * jnp.stack(raft), pace * p["internal.loss_rate"],
        jnp.stack([inner, 1.0 - inner]), p["thyroid.blockade"],
    )  # fmt: skip


def site_mass_g(bodies: Sequence[Physiology], sites: Sequence[str], patient: Patient) -> Array:
    """Mass of every tumour site. g, ``[site]``."""
    return _pools(bodies, sites, patient)[0][-len(sites) :]


def _pools(
    bodies: Sequence[Physiology], sites: Sequence[str], patient: Patient
) -> tuple[Array, Array, Array, Array]:
    """Mass (g), plasma flow (mL/h), plasma (mL) and K (mL/g) of tissues, then tumour sites."""
    p, space, of = patient.parameters, patient.anatomy.space, of_body(bodies, patient)
    at, scale = bodies[0].tissues.index, patient.body_mass_kg / of("body_mass_kg")
    marrow, lungs = at("red marrow"), at("lungs")
    # A body without marrow of its own (the mouse's) has no tumour in it either.
    has = "red marrow" in space.names
    pair = [space.mass_g[space.index(n)] if has else 1.0 * has for n in ("tumour", "red marrow")]
    # A tumour without any mass would have no vessels to ask for a flow per volume.
    share = jnp.clip(pair[0] / (pair[0] + pair[1] + 1e-30), 1e-9, 1.0 - 1e-9)
    without_cells = 1.0 - of("haematocrit")
    output = 1e3 * of("cardiac_output_L_per_h") * without_cells * scale**0.75
    lipid = of("phospholipid") + p["membrane.neutral_lipid"] * of("neutral_lipid")
    K = p["membrane.partition"] * lipid.at[marrow].multiply(p["marrow.partition"])
    of_site = K[marrow] * p["tumour.uptake_ratio"]
    plasma = of("blood_share").at[lungs].add(of("lungs")) * of("plasma_mL") * scale
    columns = [of("mass_g") * scale, of("flow_share") * output, plasma]
    vascular = columns[2][marrow] / columns[0][marrow]
    # Myeloma takes its share of marrow with flow and blood; lesions come on top.
    columns = [jnp.append(x.at[marrow].multiply(1.0 - share), x[marrow] * share) for x in columns]
    K = jnp.append(K, of_site)
    for site in sites[1:]:
        mass = p[f"{site}.mass"]
        own = f"{site}.perfusion" if f"{site}.perfusion" in p.names else "lesion.perfusion"
        perfused = 60.0 * p[own] * without_cells * mass
        for i, value in enumerate((mass, perfused, vascular * mass)):
            columns[i] = jnp.append(columns[i], value)
        K = jnp.append(K, of_site / p["marrow.partition"])
    return columns[0], columns[1], columns[2], K
