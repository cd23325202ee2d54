"""Which region of the dosimetry every compartment of the whole body lies in."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pdcraft.domain.physiology import Physiology

LABEL = {
    "Blood1": "", "Blood2": "", "Other1": "", "Other2": "", "Other3": "", "Other4": "",
    "Thyroid1": "thyroid", "Thyroid2": "thyroid", "Kidneys1": "kidneys",
    "Kidneys2": "kidneys", "Liver1": "liver", "Liver2": "liver", "S-glands": "rest of body",
    "St-wall": "rest of body", "Oralcavity": "stomach contents",
    "OralcavityRe": "stomach contents", "Oesophagus-f": "stomach contents",
    "Oesophagus-s": "stomach contents", "Oesophagus-sRe": "stomach contents",
    "St-con": "stomach contents", "St-conRe": "stomach contents", "SI-con": "small intestine",
    "SI-conRe": "small intestine", "bile": "small intestine",
    "RC-con": "upper large intestine contents", "LC-con": "lower large intestine contents",
    "RS-con": "lower large intestine contents", "UB-con": "urinary bladder contents",
}  # fmt: skip
"""Regions of free label; the empty name stands for the other tissues, by mass."""

CHAMBERS = "heart contents"
"""The chambers of the heart, which hold nothing but blood."""

Shares = dict[str, list[tuple[str, float]]]
"""Compartment: the regions that hold it, with shares."""


def regions_of_carrier(
    body: Physiology, compartments: tuple[str, ...], sites: tuple[str, ...]
) -> Shares:
    """Regions of every compartment of the carrier; large vessels lie in muscle, in part."""
    region = dict(zip(body.tissues, body.regions, strict=True))
    found: Shares = {}
    for name in compartments:
        site = next((n for n in sites if name.startswith(f"{n} ")), None)
        found[name] = [(site or region.get(name.removesuffix(" blood"), ""), 1.0)]
    for vessel in ("arteries", "veins"):
        chamber = 0.5 * body.heart / getattr(body, vessel)
        found[vessel] = [("muscle", 1.0 - chamber), (CHAMBERS, chamber)]
    return found


def regions_of_label(body: Physiology, names: tuple[str, ...]) -> Shares:
    """Regions of every compartment of free label, with shares."""
    # Organs with compartments of their own in the iodine model are not part of "other".
    named = [n not in LABEL.values() for n in body.regions]
    mass = np.asarray(body.mass_g) * np.asarray(named)
    everywhere = list(zip(body.regions, (mass / mass.sum()).tolist(), strict=True))
    return {n: [(LABEL[n], 1.0)] if LABEL[n] else everywhere for n in names}


def as_matrices(
    maps: list[Shares], places: tuple[str, ...]
) -> Float[np.ndarray, "body place compartment"]:
    """The same as numbers, one matrix for each body."""
    share = np.zeros((len(maps), len(places), len(maps[0])))
    for b, parts in enumerate(maps):
        for i, pairs in enumerate(parts.values()):
            for place, part in pairs:
                share[b, places.index(place), i] += part
    return share
