r"""Whole body: a circulation with twenty tissues, tumour, and the label that is set free.

Every tissue is vessels and tissue proper. The carrier circulates bound to albumin and lipoproteins;
what is unbound passes into tissue, where membranes hold it. In tumour it goes on into rafts and
from there to the inside of the cell. Liver, kidneys and the inside of tumour cells take it apart;
halogens that are set free follow the ICRP 137 model (theory page *kinetics*, section 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import (
    Agent,
    Amount,
    Exponentials,
    InputError,
    Patient,
    Regimen,
    Regions,
    unknown,
)
from pdcraft.domain.graph import Graph
from pdcraft.domain.physiology import Physiology
from pdcraft.kinetics.base import AbstractModel
from pdcraft.kinetics.circulation import (
    Circulation,
    IodidePaths,
    Transfers,
    carrier_transform,
    freed,
)
from pdcraft.kinetics.common_modes import CommonModes, common_modes
from pdcraft.kinetics.contour import hyperbola
from pdcraft.kinetics.interruptions import blocked_thyroid_h, voided_share
from pdcraft.kinetics.pbpk_rates import NEEDS, circulation_of, of_body, site_mass_g
from pdcraft.kinetics.pbpk_regions import (
    CHAMBERS,
    LABEL,
    as_matrices,
    regions_of_carrier,
    regions_of_label,
)
from pdcraft.kinetics.raft_filling import fill_seen
from pdcraft.kinetics.subject import MASS_PER_ACTIVITY, carrier_nmol

IODIDES = ("I", "At")
"""Elements that move as iodide once they are free; for astatine that is an assumption."""

_QUICK = 0.7  # 1/h; what decays faster is in equilibrium with its mother all the time


class PBPK(AbstractModel):
    r"""Physiologically based kinetics of a phospholipid carrier and of its label.

    .. math::
       V\dot C &= Q\,(C_a - C) - PS\,(f_u C - C_T/K) \\
       m\,\dot C_T &= PS\,(f_u C - C_T/K) - \ldots,\qquad K = P\,(\ell_{PL} + w\,\ell_{NL})

    with :math:`f_u = 1/(1+K_{alb}[\mathrm{Alb}]+K_{LDL}[\mathrm{LDL}])`, membrane partition
    :math:`P` and the lipid contents :math:`\ell` of the tissue.

    Attributes
    ----------
    bodies
        Reference bodies by index of sex; one if all subjects share it.
    iodine
        Graph of free iodide, ``library.graph("iodine_icrp137")``.
    lesions
        Number of lesions besides the myeloma in marrow; each needs ``lesion k.mass``.
    modes
        Exponentials that stand for the course.
    exact_per_h
        Decay constants with which time integrals of `amount` are exact, up to three. Those of the
        agent's chain if not given; inside `jax.jit` they must be given. 1/h.
    blocked_h
        From when until when the thyroid is blocked; always if None. h.
    voiding_h
        The bladder is voided so often; None empties it at the constant rate of ICRP 137. h.
    rafts_fill
        Rafts of tumour hold ``raft.capacity`` of carrier, labelled and not, at most. `amount` knows
        of it; `transform_h` and `curve` are those of a tracer that fills nothing.

    References
    ----------
    icrp89 (bodies), icrp137 (iodide), brown1997 (mouse); the carrier's structure is an assumption
    """

    bodies: tuple[Physiology, ...] = eqx.field(static=True)
    iodine: Transfers = eqx.field(static=True)
    lesions: int = eqx.field(static=True)
    modes: int = eqx.field(static=True)
    exact_per_h: tuple[float, ...] = eqx.field(static=True)
    blocked_h: tuple[float, float] | None = eqx.field(static=True)
    voiding_h: float | None = eqx.field(static=True)
    rafts_fill: bool = eqx.field(static=True)
    slowest_per_h: ClassVar[float] = 1e-4
    fastest_per_h: ClassVar[float] = 5.0

    def __init__(
        self,
        bodies: Sequence[Physiology],
        iodine: Graph,
        *,
        lesions: int = 0,
        modes: int = 18,
        exact_per_h: Sequence[float] = (),
        blocked_h: tuple[float, float] | None = None,
        voiding_h: float | None = None,
        rafts_fill: bool = False,
    ) -> None:
        if not bodies or len({b.tissues for b in bodies}) > 1 or lesions < 0:
            raise InputError(
                "PBPK needs bodies with the same tissues and 0 or more lesions; it has "
                f"{[b.name for b in bodies]} and {lesions}."
            )
        for name in {*LABEL} - {"bile"}:
            if name not in iodine.places:
                raise unknown("Compartment of iodine", name, iodine.places)
        self.bodies, self.lesions, self.modes = tuple(bodies), lesions, modes
        rates = np.asarray(iodine.rate_per_h).tolist()
        self.iodine = tuple((a, b, k) for (a, b), k in zip(iodine.transfers, rates, strict=True))
        self.exact_per_h = tuple(sorted({float(v) for v in exact_per_h if v < _QUICK}))[:3]
        self.blocked_h, self.voiding_h, self.rafts_fill = blocked_h, voiding_h, rafts_fill
        if blocked_h is not None and not 0 <= blocked_h[0] < blocked_h[1]:
            raise InputError(f"blocked_h = {blocked_h} must begin at 0 h or later, then end.")
        if voiding_h is not None and not voiding_h > 0:
            raise InputError(f"voiding_h = {voiding_h:g} must be greater than 0 h.")

    @property
    def sites(self) -> tuple[str, ...]:
        """Tumour sites: myeloma in marrow, then lesions."""
        return ("tumour", *(f"lesion {k + 1}" for k in range(self.lesions)))

    @property
    def places(self) -> tuple[str, ...]:
        """Source regions of the dosimetry; large vessels lie in muscle, the phantoms' remainder."""
        organs = {r for body in self.bodies for r in body.regions}
        inner = sorted(organs | {CHAMBERS, *LABEL.values()} - {""})
        return (*inner, *self.sites, "excreta")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the library file ``kinetics/clr1404_pbpk``; masses of lesions."""
        return {
            **NEEDS,
            **({"lesion.perfusion": "mL/min/g"} if self.lesions else {}),
            **{f"lesion {k + 1}.mass": "g" for k in range(self.lesions)},
            **({"raft.capacity": "nmol/g", MASS_PER_ACTIVITY: "ug/MBq"} if self.rafts_fill else {}),
        }  # fmt: skip

    def circulation(self, patient: Patient, *, halogen: bool = True) -> Circulation:
        """Rates of one patient; ``halogen`` says whether free label moves as iodide."""
        return circulation_of(self.bodies, self.sites, patient, halogen=halogen)

    def amount(self, patient: Patient, regimen: Regimen, agent: Agent) -> Amount:
        """Labelled carrier, and free label with metabolites, in every region. nmol.

        Time integrals with the decay of the parent (and of daughters slower than an hour) are
        exact; see `common_modes` for the course.
        """
        exact, decays = self.exact_per_h, agent.payload.chain.rate_per_h
        if not exact and not isinstance(decays, jax.core.Tracer):
            exact = tuple(sorted(v for v in np.asarray(decays).tolist() if v < _QUICK))[:3]
        modes = common_modes(self.slowest_per_h, self.fastest_per_h, self.modes, exact)
        decay = decays[0] if agent.payload.chain.nuclides else jnp.zeros(())
        fill = self._fill(patient, regimen, agent, modes) if self.rafts_fill else None
        c = self._weights(patient, regimen, modes, decay, halogen=moves_as_iodide(agent), fill=fill)
        # What left is what is missing: one more mode, which stays for ever.
        c = jnp.concatenate([c, jnp.zeros((*c.shape[:3], 1))], axis=3)
        gone = -c.sum(axis=(0, 1))
        c = c.at[self.places.index("excreta"), 1].set(gone.at[:, -1].add(1.0))
        given = regimen.given_nmol(agent.payload)
        n, k = given.shape[0], c.shape[3]
        clock = Exponentials(
            jnp.tile(jnp.append(jnp.asarray(modes.rate_per_h), 0.0), n),
            jnp.repeat(regimen.time_h, k), jnp.repeat(regimen.duration_h, k),
        )  # fmt: skip
        nmol = (c * given[:, None]).reshape(*c.shape[:2], n * k)
        return Amount(self._space(patient), ("conjugate", "iodide"), clock, nmol)

    def _fill(
        self, patient: Patient, regimen: Regimen, agent: Agent, modes: CommonModes
    ) -> Float[Array, "dose node site"]:
        """How full the carrier of each dose finds the rafts."""
        if agent.payload.drug is not None:
            raise InputError(f"Rafts that fill are not followed for {agent.payload.name}.")
        mass = site_mass_g(self.bodies, self.sites, patient)
        return fill_seen(
            self.circulation(patient), patient.parameters["raft.capacity"] * mass,
            carrier_nmol(patient, regimen, agent), regimen.time_h, regimen.duration_h,
            modes.node_per_h,
        )  # fmt: skip

    def _weights(
        self,
        patient: Patient,
        regimen: Regimen,
        modes: CommonModes,
        decay_per_h: Array,
        *,
        halogen: bool,
        fill: Float[Array, "dose node site"] | None = None,
    ) -> Float[Array, "place species dose mode"]:
        """Weights of the modes after a unit of every dose; one row if doses do not differ."""
        s, c = modes.node_per_h, self.circulation(patient, halogen=halogen)
        fills = jnp.zeros((1, 1, len(self.sites))) if fill is None else fill
        held = jax.vmap(lambda f: carrier_transform(c, s, fill=f))(fills)
        loose, paths = jax.vmap(lambda h: freed(c, h))(held), IodidePaths.of(self.iodine, s)

        def under(blockade: Array) -> Array:
            free = jax.vmap(lambda f: paths.transform(f, blockade))(loose)
            x = self._in_regions(patient, c, held, free, paths.places)
            w = jnp.einsum("jn,dnpq->pqdj", modes.weight, x)
            if self.voiding_h is None:
                return w
            rate = {(a, b): k for a, b, k in self.iodine}["UB-con", "Urine"]
            filling = (jnp.asarray(s) + rate) * free[..., paths.places.index("UB-con")]
            bladder = (
                filling
                @ modes.weight.T
                * voided_share(modes.rate_per_h, decay_per_h, self.voiding_h)
            )
            return w.at[self.places.index(LABEL["UB-con"]), 1].set(bladder)

        if self.blocked_h is None or not halogen:
            return under(c.blockade)
        with_, without = under(c.blockade), under(jnp.zeros(()))
        thyroid = self.places.index("thyroid")
        ends = [
            (w[thyroid, 1] / (modes.rate_per_h + decay_per_h)).sum(axis=-1)
            for w in (with_, without)
        ]
        exact = blocked_thyroid_h(
            self.blocked_h, self.iodine, regimen, modes, decay_per_h, loose, c.blockade, ends
        )
        apart = jnp.where(jnp.abs(ends[0] - ends[1]) > 0, ends[0] - ends[1], 1.0)
        share = jnp.clip((exact - ends[1]) / apart, 0.0, 1.0)[:, None]
        return share * with_ + (1.0 - share) * without

    def _in_regions(
        self, patient: Patient, c: Circulation, held: Array, free: Array, label: tuple[str, ...]
    ) -> Float[Array, "*dose node place species"]:
        """Compartments of carrier and of free label, put into the regions of the dosimetry."""
        sex = patient.anatomy.sex if len(self.bodies) > 1 else 0
        loose = as_matrices([regions_of_label(body, label) for body in self.bodies], self.places)
        carrier = as_matrices(
            [regions_of_carrier(body, c.compartments, self.sites) for body in self.bodies],
            self.places,
        )
        return jnp.stack(
            [held @ jnp.asarray(carrier)[sex].T, free @ jnp.asarray(loose)[sex].T], axis=-1
        )

    def transform_h(
        self,
        patient: Patient,
        s_per_h: Float[np.ndarray, "node"] | float,
        *,
        halogen: bool = True,
        as_iodide: bool = False,
    ) -> Float[Array, "node place species"]:
        r"""Laplace transform of the amounts after a unit bolus: time integrals with a loss s.

        .. math:: X(s) = (sI-K)^{-1}x_0

        Parameters
        ----------
        patient
            One; use `jax.vmap` for many.
        s_per_h
            Known numbers, with positive real part if they are to be time integrals. 1/h.
        halogen
            Whether free label moves as iodide.
        as_iodide
            Everything is given as free iodide instead of as carrier.

        Returns
        -------
        Array
            h, ``[node, place, species]``; nothing in excreta.

        Raises
        ------
        InputError
            If a real s is not positive.

        References
        ----------
        bolch2009, time-integrated activity

        Examples
        --------
        >>> from pdcraft import library
        >>> from pdcraft.kinetics import PBPK, subject
        >>> man = library.physiology("adult_male")
        >>> model = PBPK((man,), library.graph("iodine_icrp137"))
        >>> who = subject(man, library.parameters("kinetics/clr1404_pbpk"))
        >>> held_h = model.transform_h(who, 0.0036)[0]
        >>> held_h.shape == (len(model.places), 2), bool(held_h.min() >= 0)
        (True, True)
        """
        s = np.atleast_1d(np.asarray(s_per_h))
        if not np.iscomplexobj(s) and not s.min() > 0:
            raise InputError(f"s_per_h = {s.min():g} must be greater than 0 per h.")
        c = self.circulation(patient, halogen=halogen)
        held = carrier_transform(c, s)
        loose = freed(c, held)
        if as_iodide:
            held, loose = 0.0 * held, jnp.zeros_like(loose).at[:, 0].set(1.0)
        paths = IodidePaths.of(self.iodine, s)
        free = paths.transform(loose, c.blockade)
        return self._in_regions(patient, c, held, free, paths.places)

    def curve(
        self,
        patient: Patient,
        time_h: Float[np.ndarray, "time"],
        *,
        halogen: bool = True,
        tolerance: float = 1e-8,
    ) -> Float[Array, "time place species"]:
        """Share of a unit bolus in every region at known instants > 0, to the tolerance.

        Parameters
        ----------
        patient, halogen
            As in `transform_h`.
        time_h
            Known instants > 0. h.
        tolerance
            Error, as a share of what was given. 1e-10 to 1e-2.

        References
        ----------
        weideman2007, sections 3 and 4
        """
        time = np.asarray(time_h, float)
        if time.ndim != 1 or not time.size or not time.min() > 0 or not 1e-10 <= tolerance <= 1e-2:
            raise InputError(
                "time_h must be a list of instants after 0 h, and the tolerance between 1e-10 and "
                f"1e-2; got {time_h} and {tolerance:g}."
            )
        line = hyperbola(time, tolerance)
        x = self.transform_h(patient, line.node_per_h, halogen=halogen)
        return jnp.tensordot(line.weight_per_h.real, x.real, 1) - jnp.tensordot(
            line.weight_per_h.imag, x.imag, 1
        )

    @property
    def blood_region(self) -> str:
        """The chambers of the heart: nothing but blood."""
        return CHAMBERS

    def plasma_mL(self, patient: Patient) -> Float[Array, ""]:
        """Plasma in the chambers of the heart. mL."""
        of = of_body(self.bodies, patient)
        return of("heart") * of("plasma_mL") * patient.body_mass_kg / of("body_mass_kg")

    def _space(self, patient: Patient) -> Regions:
        known = patient.anatomy.space
        mass = [known.mass_g[known.index(n)] if n in known.names else 0.0 for n in self.places]
        return Regions(self.places, jnp.stack([jnp.asarray(m, float) for m in mass]))


def moves_as_iodide(agent: Agent) -> bool:
    """Whether the label, once free, moves as iodide (`IODIDES`)."""
    return agent.payload.name.split("-")[0] in IODIDES
