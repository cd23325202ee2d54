"""What the criteria of a disease make of its markers, visit by visit: depth of response, worse.

`IMWGCriteria` judge myeloma by serum M-protein, light chains where that is not measurable, and
plasmacytomas; `WaldenstromCriteria` by IgM; `LuganoCriteria` by the size of lesions on CT.
Codes are those of `pdcraft.biology.imwg.IMWG`, so that PR or better is 3 and above everywhere.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from pdcraft.biology.imwg import Level, has_progressed, response_depth
from pdcraft.biology.lugano import lugano_depth, lugano_progressed
from pdcraft.biology.waldenstrom import waldenstrom_depth, waldenstrom_progressed
from pdcraft.domain import Effect, Patient

MG_PER_L_IN_MG_PER_DL = 0.1


class Judgement(NamedTuple):
    """What one patient's visits show; the first visit is the baseline. ``[visit]``.

    Attributes
    ----------
    depth
        Code of the response that the visit alone would be (1 to 5).
    worse
        Whether the visit alone meets the criteria of progression.
    level
        The leading measure, in the unit of the criteria.
    fall
        Its reduction from the baseline, as a fraction.
    """

    depth: Int[Array, "visit"]
    worse: Bool[Array, "visit"]
    level: Float[Array, "visit"]
    fall: Float[Array, "visit"]


class AbstractCriteria(eqx.Module):
    """Criteria of one disease."""

    @property
    @abc.abstractmethod
    def unit(self) -> str:
        """Unit of the leading measure."""

    @property
    @abc.abstractmethod
    def needs(self) -> Mapping[str, str]:
        """Parameters read from the patient: name and unit."""

    @property
    @abc.abstractmethod
    def confirmed(self) -> bool:
        """Whether response and progression count only if the next visit shows them too."""

    @abc.abstractmethod
    def judge(
        self,
        effect: Effect,
        patient: Patient,
        t_h: Float[Array, "visit"],
        noise: Float[Array, "3 visit"],
        made: Bool[Array, "visit"],
    ) -> Judgement:
        """What the visits show, with errors of measurement from standard normal ``noise``."""


def levels(measured: Float[Array, "visit"], made: Bool[Array, "visit"]) -> Level:
    """A measure at baseline, at its lowest before each visit, and at the visit."""
    seen = jnp.where(made, measured, jnp.inf)
    visit = jnp.arange(seen.shape[0])
    earlier = visit < jnp.maximum(visit, 1)[:, None]
    return Level(measured[0], jnp.where(earlier, seen, jnp.inf).min(axis=1), measured)


def _at_visits(effect: Effect, marker: str, t_h: Array) -> Array:
    return jnp.interp(t_h, effect.clock.time_h, effect.marker(marker))


def _m_protein(effect: Effect, patient: Patient, t_h: Array, noise: Array) -> tuple[Array, Array]:
    """True and measured M-protein at the visits. g/L."""
    values, true = patient.parameters, _at_visits(effect, "M-protein", t_h)
    measured = true * (1.0 + values["m_protein.noise_share"] * noise[0])
    return true, jnp.maximum(measured + values["m_protein.noise"] * noise[1], 0.0)


_M_NEEDS = {
    "m_protein.noise": "g/L",
    "m_protein.noise_share": "1",
    "m_protein.detection_limit": "g/L",
}


class IMWGCriteria(AbstractCriteria):
    """Myeloma: serum M-protein; light chains where M-protein is not measurable; plasmacytomas.

    Where there is a plasmacytoma, PR asks for half its size to be gone and progression is a half
    more than its smallest. Urine, bone and marrow are not simulated; the uninvolved light chain is
    taken to stay at a normal level and left out of the difference.

    References
    ----------
    kumar2016
    """

    unit: ClassVar[str] = "g/L"
    confirmed: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, str]] = {
        **_M_NEEDS,
        "m_protein.measurable": "g/L",
        "light_chains.noise_share": "1",
        "plasmacytoma.share": "1",
    }

    def judge(
        self, effect: Effect, patient: Patient, t_h: Array, noise: Array, made: Array
    ) -> Judgement:
        """By M-protein, or light chains, and the plasmacytoma where there is one."""
        values = patient.parameters
        true, measured = _m_protein(effect, patient, t_h, noise)
        serum = levels(measured, made)
        gone = true < values["m_protein.detection_limit"]
        depth = response_depth(serum_g_per_L=serum, immunofixation_negative=gone)
        worse, level, fall = has_progressed(serum_g_per_L=serum), measured, serum.fall
        if "free light chains" in effect.markers:
            chains = _at_visits(effect, "free light chains", t_h) * MG_PER_L_IN_MG_PER_DL
            chains = chains * jnp.maximum(1.0 + values["light_chains.noise_share"] * noise[2], 0.0)
            dflc = levels(chains, made)
            by_chains = true[0] < values["m_protein.measurable"]
            depth = jnp.where(by_chains, response_depth(dflc_mg_per_dL=dflc), depth)
            worse = jnp.where(by_chains, has_progressed(dflc_mg_per_dL=dflc), worse)
            fall = jnp.where(by_chains, dflc.fall, fall)
        if "plasmacytoma" in effect.markers:
            has = values["plasmacytoma.share"] > 0
            size = levels(_at_visits(effect, "plasmacytoma", t_h), made)
            depth = jnp.where(has & (size.fall < 0.5), jnp.minimum(depth, 2), depth)
            worse = worse | (has & lugano_progressed(size))
        return Judgement(depth, worse, level, fall)


class WaldenstromCriteria(AbstractCriteria):
    """Waldenström macroglobulinaemia: serum IgM; nodes, spleen and symptoms are not simulated.

    References
    ----------
    iwmfresponse
    """

    unit: ClassVar[str] = "g/L"
    confirmed: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, str]] = _M_NEEDS

    def judge(
        self, effect: Effect, patient: Patient, t_h: Array, noise: Array, made: Array
    ) -> Judgement:
        """By IgM."""
        true, measured = _m_protein(effect, patient, t_h, noise)
        igm = levels(measured, made)
        gone = true < patient.parameters["m_protein.detection_limit"]
        return Judgement(
            waldenstrom_depth(igm, immunofixation_negative=gone), waldenstrom_progressed(igm),
            measured, igm.fall,
        )  # fmt: skip


class LuganoCriteria(AbstractCriteria):
    """Lymphoma: the sum of products of diameters on CT; no PET, no new lesions.

    References
    ----------
    pmc5298348, Table 2
    """

    unit: ClassVar[str] = "%"
    confirmed: ClassVar[bool] = False
    needs: ClassVar[Mapping[str, str]] = {
        "lesions.long_diameter": "mm",
        "lesions.noise_share": "1",
    }

    def judge(
        self, effect: Effect, patient: Patient, t_h: Array, noise: Array, made: Array
    ) -> Judgement:
        """By size."""
        values = patient.parameters
        true = _at_visits(effect, "lesion size", t_h)
        measured = true * jnp.maximum(1.0 + values["lesions.noise_share"] * noise[0], 0.0)
        size = levels(measured, made)
        long_mm = values["lesions.long_diameter"]
        return Judgement(
            lugano_depth(size, long_diameter_mm=long_mm),
            lugano_progressed(size, long_diameter_mm=long_mm), measured, size.fall,
        )  # fmt: skip
