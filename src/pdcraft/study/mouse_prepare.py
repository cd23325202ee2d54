"""What a study of mice rests on: parameters, kinetics of nuclide or drug, the xenograft's kill."""

from __future__ import annotations

import numpy as np

from pdcraft import library
from pdcraft.biology import AbstractKill, CytotoxicKill, LinearKill
from pdcraft.domain import Agent, Drug, ParameterSet
from pdcraft.kinetics import PBPK, AbstractModel, CytotoxicConjugate, PaclitaxelInMouse
from pdcraft.study.spec import Study
from pdcraft.trial.mice import XENOGRAFT

IN_MOUSE = (
    ("heart contents", "heart wall"), ("stomach contents", "small intestine"),
    ("upper large intestine contents", "small intestine"),
    ("lower large intestine contents", "small intestine"), ("thyroid", "rest of body"),
)  # fmt: skip
"""Regions of the kinetics that the reference mouse of the dosimetry does not tell apart."""

_SITES = (XENOGRAFT,)  # the reference mouse has no marrow of its own
_EVERY_H = 1.0  # a mouse loses free paclitaxel with a half-time of 0.8 h


def without(held: ParameterSet, own: ParameterSet) -> ParameterSet:
    """A set without the parameters of which another has its own."""
    return ParameterSet(held.name, tuple(p for p in held.values() if p.name not in own))


def mouse_parameters(study: Study, agent: Agent) -> ParameterSet:
    """Parameters of a mouse with a xenograft: the carrier's, with what is the mouse's own."""
    own = library.parameters("species/mouse")
    carrier = without(library.parameters("kinetics/clr1404_pbpk"), own)
    tumour = library.parameters(f"xenografts/{study.study.xenograft}")
    drug = agent.payload.drug
    if drug is None:
        kept = tuple(p for p in tumour.values() if p.name.startswith("xenograft."))
        return own.merged(carrier, ParameterSet(tumour.name, kept))
    free = library.parameters(f"kinetics/{drug.name}_mouse")
    cells = without(library.parameters("tissues/cytotoxic"), tumour)
    needs = mouse_kill(study, drug).needs
    kill = ParameterSet(cells.name, tuple(p for p in cells.values() if p.name in needs))
    return own.merged(carrier, tumour, free, kill)


def mouse_kill(study: Study, drug: Drug) -> AbstractKill:
    """Kill of a xenograft: as published with the drug, or else as in people, by cultures."""
    tumour = library.parameters(f"xenografts/{study.study.xenograft}")
    published = "xenograft.linear_potency" in tumour
    return LinearKill(drug.name) if published else CytotoxicKill(drug.name)


def mouse_kinetics(study: Study, agent: Agent) -> AbstractModel:
    """The carrier in a mouse whose lesion is the xenograft, and a drug that it sets free."""
    asked = study.kinetics
    carrier = PBPK(
        (library.physiology("mouse"),), library.graph("iodine_icrp137"), lesions=1,
        exact_per_h=np.asarray(agent.payload.chain.rate_per_h).tolist(), blocked_h=asked.blocked_h,
        voiding_h=asked.voiding_every, rafts_fill=asked.raft_capacity is not None,
    )  # fmt: skip
    if agent.payload.drug is None:
        return carrier
    return CytotoxicConjugate(
        carrier, study.study.follow_up, every_h=_EVERY_H, sites=_SITES,
        disposition=PaclitaxelInMouse,
    )  # fmt: skip
