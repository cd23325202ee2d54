r"""A cytotoxic on the carrier: what the linker sets free, in blood, marrow and tumour.

The linker breaks at one rate *k* wherever the carrier is, so that the intact conjugate is the
carrier's own course times :math:`e^{-k(t-t_0)}`, exactly as a label that decays. What is set free
in a site *s* (marrow, tumour) stays there for a while and exchanges with plasma, unbound drug with
unbound drug; what is set free elsewhere in the body is in plasma at once:

.. math::
   A_s' &= k N_s - w A_s + w\,m_s\frac{u}{f}\,C_1, \\
   A_1' &= k\Big(N - \sum_s N_s\Big) + \sum_s\Big(w A_s - w\,m_s\frac{u}{f}\,C_1\Big) - \ldots

with the washout *w*, the unbound share *u* in plasma and *f* in tissue, and for the dots the
exchange and loss of `Paclitaxel` (patients) or `PaclitaxelInMouse`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import diffrax
import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import (
    Agent,
    Amount,
    Drug,
    Exponentials,
    InputError,
    Patient,
    Regimen,
    Regions,
    Samples,
)
from pdcraft.kinetics.base import AbstractModel
from pdcraft.kinetics.disposition import AbstractDisposition
from pdcraft.kinetics.paclitaxel import Paclitaxel

_G_PER_L = 1e3  # compartments of the free drug have the mass of their volume, 1 g/mL
_ENTERED = np.array([0.25, 0.5, 0.75, *[1.0] * 7])
_SINCE_h = np.array([0.0, 0.0, 0.0, 0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0])


class CytotoxicConjugate(AbstractModel):
    """A carrier with a cytotoxic payload, and the drug that its linker sets free.

    Attributes
    ----------
    carrier
        How the carrier moves.
    follow_up_h
        Until when the free drug is followed. h.
    every_h
        Distance of the instants at which amounts are known, closer after a dose; straight lines
        between them. h.
    sites
        Regions in which the drug is set free locally.
    disposition
        How free drug moves once it is in plasma: `Paclitaxel` or `PaclitaxelInMouse`.
    tolerance
        Relative tolerance of the solver.

    References
    ----------
    chen2014, Table 2, for the free drug of patients; that it moves like nab-paclitaxel is an
    assumption; simeoni2004 for that of mice
    """

    carrier: AbstractModel
    follow_up_h: float = eqx.field(static=True)
    every_h: float = eqx.field(static=True, default=3.0)
    sites: tuple[str, ...] = eqx.field(static=True, default=("red marrow", "tumour"))
    disposition: type[AbstractDisposition] = eqx.field(static=True, default=Paclitaxel)
    tolerance: float = eqx.field(static=True, default=1e-6)
    species: ClassVar[tuple[str, str]] = ("conjugate", "paclitaxel")

    def __check_init__(self) -> None:
        """Refuse sites that the carrier does not reach."""
        for site in self.sites:
            if site not in self.carrier.places:
                raise InputError(
                    f"Site '{site}' is no region of the carrier's model; it has "
                    f"{', '.join(self.carrier.places)}."
                )

    @property
    def places(self) -> tuple[str, ...]:
        """Regions of the carrier, then the compartments of the free drug."""
        return (*self.carrier.places, *self.disposition.compartments)

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the carrier and of the free drug's file, as ``kinetics/paclitaxel``."""
        return {
            **self.carrier.needs, **self.disposition.needs, "linker.release_rate": "1/h",
            "paclitaxel.washout": "1/h", "paclitaxel.unbound_plasma": "1",
            "paclitaxel.free_fraction": "1",
        }  # fmt: skip

    @property
    def blood_region(self) -> str:
        """Region of plasma for the conjugate."""
        return self.carrier.blood_region

    def plasma_mL(self, patient: Patient) -> Float[Array, ""]:
        """Volume of plasma in that region. mL."""
        return self.carrier.plasma_mL(patient)

    def amount(self, patient: Patient, regimen: Regimen, agent: Agent) -> Amount:
        """Intact conjugate, and free drug, in every region at sampled instants. nmol.

        Raises
        ------
        InputError
            If the agent carries no drug, or the carrier's model is not one of exponential modes.
        """
        drug = agent.payload.drug
        if drug is None:
            raise InputError(f"{agent.name} carries no drug; choose the carrier's own model.")
        carried = self.carrier.amount(patient, regimen, agent)
        if not isinstance(carried.clock, Exponentials):
            raise InputError("The carrier's amounts must be exponential modes.")
        k = patient.parameters["linker.release_rate"]
        intact, clock = carried.nmol[:, 0], carried.clock.faster_by(k)
        time_h = self._instants(regimen)
        begins = jnp.concatenate([regimen.time_h, regimen.time_h + regimen.duration_h])
        free = self._free_nmol(patient, intact, clock, carried.space, k, drug, time_h, begins)
        conjugate = jnp.einsum("pm,tm->pt", intact, clock.at(time_h))
        n = len(self.sites)
        space = self._space(carried.space, patient)
        at = jnp.asarray([carried.space.index(s) for s in self.sites])
        local = jnp.zeros_like(conjugate).at[at].set(free[:n])
        rows = jnp.stack([
            jnp.concatenate([conjugate, jnp.zeros_like(free[n:])]),
            jnp.concatenate([local, free[n:]]),
        ], axis=1)  # fmt: skip
        return Amount(space, self.species, Samples(time_h), rows)

    def _instants(self, regimen: Regimen) -> Float[Array, "time"]:
        """Even instants, and more of them while a dose enters and in the hours after it. h."""
        even = jnp.arange(0.0, self.follow_up_h + self.every_h, self.every_h)
        apart = 1e-3 * (1.0 + np.arange(regimen.time_h.shape[0]))  # doses of one instant, too
        own = regimen.time_h + apart + regimen.duration_h * _ENTERED[:, None] + _SINCE_h[:, None]
        return jnp.sort(jnp.concatenate([even, own.ravel()]))

    def _free_nmol(
        self, patient: Patient, intact: Array, clock: Exponentials, space: Regions, k: Array,
        drug: Drug, time_h: Array, begins_h: Array,
    ) -> Float[Array, "compartment time"]:  # fmt: skip
        """Free drug in the sites, then in the compartments, plasma first. nmol."""
        p, n = patient.parameters, len(self.sites)
        ug = 1e-3 * drug.molar_mass_g_per_mol
        at = [space.index(s) for s in self.sites]
        body = jnp.asarray([name != "excreta" for name in space.names])
        sources = jnp.concatenate([intact[jnp.asarray(at)], (body @ intact)[None]])
        wash, free = p["paclitaxel.washout"], self.disposition(p)
        taken = wash * p["paclitaxel.unbound_plasma"] / p["paclitaxel.free_fraction"]
        taken = taken * space.mass_g[jnp.asarray(at)] / _G_PER_L  # L/h, into every site
        V1, compartments = free.volumes_L()[0], len(free.compartments)

        def slope(t: Array, y: Float[Array, "state"]) -> Float[Array, "state"]:
            set_free = ug * k * (sources @ clock.at(t))
            net = wash * y[:n] - taken * y[n] / V1  # from the sites to plasma
            moved = free.slope(y[n:], set_free[n] - set_free[:n].sum() + net.sum())
            return jnp.concatenate([set_free[:n] - net, moved[:compartments]])

        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, _: slope(jnp.asarray(t), y)),
            diffrax.Kvaerno3(), time_h[0], time_h[-1], dt0=None,
            y0=jnp.zeros(n + compartments), saveat=diffrax.SaveAt(ts=time_h), max_steps=100_000,
            stepsize_controller=diffrax.ClipStepSizeController(
                diffrax.PIDController(rtol=self.tolerance, atol=1e-6),
                jump_ts=jnp.sort(jnp.clip(begins_h, time_h[0], time_h[-1])),
            ),
        )  # fmt: skip
        return solution.ys.T / ug  # type: ignore[union-attr]

    def _space(self, carried: Regions, patient: Patient) -> Regions:
        volumes_L = self.disposition(patient.parameters).volumes_L()
        mass = jnp.concatenate([carried.mass_g, _G_PER_L * volumes_L])
        return Regions(self.places, mass)
