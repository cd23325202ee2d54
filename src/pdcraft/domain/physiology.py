"""A body for kinetics: masses, flows, blood and lipids of its tissues, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Physiology:
    """One reference body.

    Attributes
    ----------
    name
        As ``"adult_male"``.
    tissues, regions
        Tissues, and the source region of the dosimetry that each belongs to.
    portal
        Tissues whose blood goes on to the liver.
    mass_g
        Mass without blood. g, ``[tissue]``.
    flow_share, blood_share
        Share of the cardiac output and of all blood. ``[tissue]``.
    phospholipid, neutral_lipid
        Membrane and storage lipids. g per g, ``[tissue]``.
    body_mass_kg, cardiac_output_L_per_h, plasma_mL, haematocrit
        Of the whole body.
    arteries, veins, lungs
        Share of all blood in large arteries with the left heart, large veins with the right heart,
        and pulmonary vessels.
    heart
        Share of all blood in the heart's chambers, half of it on each side.
    """

    name: str
    tissues: tuple[str, ...]
    regions: tuple[str, ...]
    portal: tuple[str, ...]
    mass_g: tuple[float, ...]
    flow_share: tuple[float, ...]
    blood_share: tuple[float, ...]
    phospholipid: tuple[float, ...]
    neutral_lipid: tuple[float, ...]
    body_mass_kg: float
    cardiac_output_L_per_h: float
    plasma_mL: float
    haematocrit: float
    arteries: float
    veins: float
    lungs: float
    heart: float
