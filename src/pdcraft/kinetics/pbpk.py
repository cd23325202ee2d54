r"""Whole body: a circulation with twenty tissues, tumour, and the label that is set free.

Every tissue is vessels and tissue proper. The carrier circulates bound to albumin and lipoproteins;
what is unbound passes into tissue, where membranes hold it. In tumour it goes on into rafts and
from there to the inside of the cell. Liver, kidneys and the inside of tumour cells take it apart;
halogens that are set free follow the ICRP 137 model (theory page *kinetics*, section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    unbound_fraction,
)
from pdcraft.kinetics.common_modes import CommonModes, common_modes
from pdcraft.kinetics.contour import hyperbola
from pdcraft.kinetics.interruptions import blocked_thyroid_h, voided_share
from pdcraft.kinetics.pbpk_regions import (
    CHAMBERS,
    LABEL,
    as_matrices,
    regions_of_carrier,
    regions_of_label,
)

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
        self.blocked_h, self.voiding_h = blocked_h, voiding_h
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
            "binding.albumin": "L/g", "binding.lipoprotein": "L/mmol", "plasma.albumin": "g/L",
            "plasma.ldl": "mmol/L", "membrane.partition": "mL/g", "membrane.neutral_lipid": "1",
            "membrane.permeability": "mL/h/g", "brain.permeability_ratio": "1",
            "liver.intrinsic_clearance": "mL/h/g", "liver.loss_as_iodide": "1",
            "liver.loss_to_bile": "1", "liver.function": "1", "kidneys.filtration": "mL/min",
            "kidneys.reabsorbed": "1", "marrow.partition": "1", "tumour.uptake_ratio": "1",
            "raft.entry_rate": "1/h", "raft.exit_rate": "1/h", "raft.internalisation_rate": "1/h",
            "internal.loss_rate": "1/h", "internal.loss_as_iodide": "1", "thyroid.blockade": "1",
            "rate.exponent": "1", "rate.reference_mass": "kg",
            **({"lesion.perfusion": "mL/min/g"} if self.lesions else {}),
            **{f"lesion {k + 1}.mass": "g" for k in range(self.lesions)},
        }  # fmt: skip

    def circulation(self, patient: Patient, *, halogen: bool = True) -> Circulation:
        """Rates of one patient; ``halogen`` says whether free label moves as iodide."""
        body, p = self.bodies[0], patient.parameters
        mass, flow, plasma, K = self._pools(patient)
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
        of = self._of_body(patient)
        whole = of("plasma_mL") * patient.body_mass_kg / of("body_mass_kg")
        return Circulation(
            body.tissues, self.sites, body.portal, flow, plasma,
            of("arteries") * whole, of("veins") * whole,
            PS * fu * mass / plasma, PS / K, broken,
            jnp.stack([iodide, bile, 1.0 - iodide - bile]), filtered / plasma[kidneys],
            pace * jnp.stack(raft), pace * p["internal.loss_rate"],
            jnp.stack([inner, 1.0 - inner]), p["thyroid.blockade"],
        )  # fmt: skip

    def _pools(self, patient: Patient) -> tuple[Array, Array, Array, Array]:
        """Mass (g), plasma flow (mL/h), plasma (mL) and K (mL/g) of tissues, then tumour sites."""
        p, space, of = patient.parameters, patient.anatomy.space, self._of_body(patient)
        at, scale = self.bodies[0].tissues.index, patient.body_mass_kg / of("body_mass_kg")
        marrow, lungs = at("red marrow"), at("lungs")
        # A body without marrow of its own (the mouse's) has no tumour in it either.
        has = "red marrow" in space.names
        pair = [
            space.mass_g[space.index(n)] if has else 1.0 * has for n in ("tumour", "red marrow")
        ]
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
        columns = [
            jnp.append(x.at[marrow].multiply(1.0 - share), x[marrow] * share) for x in columns
        ]
        K = jnp.append(K, of_site)
        for site in self.sites[1:]:
            mass = p[f"{site}.mass"]
            own = f"{site}.perfusion" if f"{site}.perfusion" in p.names else "lesion.perfusion"
            perfused = 60.0 * p[own] * without_cells * mass
            for i, value in enumerate((mass, perfused, vascular * mass)):
                columns[i] = jnp.append(columns[i], value)
            K = jnp.append(K, of_site / p["marrow.partition"])
        return columns[0], columns[1], columns[2], K

    def _of_body(self, patient: Patient) -> Callable[[str], Array]:
        """Reader of the fields of this patient's reference body."""
        sex = patient.anatomy.sex if len(self.bodies) > 1 else 0
        return lambda field: jnp.asarray([getattr(b, field) for b in self.bodies])[sex]

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
        c = self._weights(patient, regimen, modes, decay, halogen=moves_as_iodide(agent))
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

    def _weights(
        self,
        patient: Patient,
        regimen: Regimen,
        modes: CommonModes,
        decay_per_h: Array,
        *,
        halogen: bool,
    ) -> Float[Array, "place species dose mode"]:
        """Weights of the modes after a unit of every dose; one row if doses do not differ."""
        s, c = modes.node_per_h, self.circulation(patient, halogen=halogen)
        held, paths = carrier_transform(c, s), IodidePaths.of(self.iodine, s)
        loose = freed(c, held)

        def under(blockade: Array) -> Array:
            free = paths.transform(loose, blockade)
            w = modes.coefficients(self._in_regions(patient, c, held, free, paths.places))
            w = jnp.moveaxis(w, 0, -1)[:, :, None]
            if self.voiding_h is None:
                return w
            rate = {(a, b): k for a, b, k in self.iodine}["UB-con", "Urine"]
            filling = (jnp.asarray(s) + rate) * free[:, paths.places.index("UB-con")]
            bladder = modes.coefficients(filling) * voided_share(
                modes.rate_per_h, decay_per_h, self.voiding_h
            )
            return w.at[self.places.index(LABEL["UB-con"]), 1].set(bladder)

        if self.blocked_h is None or not halogen:
            return under(c.blockade)
        with_, without = under(c.blockade), under(jnp.zeros(()))
        thyroid = self.places.index("thyroid")
        ends = [
            (w[thyroid, 1, 0] / (modes.rate_per_h + decay_per_h)).sum() for w in (with_, without)
        ]
        exact = blocked_thyroid_h(
            self.blocked_h, self.iodine, regimen, modes, decay_per_h, loose, c.blockade, ends
        )
        apart = jnp.where(jnp.abs(ends[0] - ends[1]) > 0, ends[0] - ends[1], 1.0)
        share = jnp.clip((exact - ends[1]) / apart, 0.0, 1.0)[:, None]
        return share * with_ + (1.0 - share) * without

    def _in_regions(
        self, patient: Patient, c: Circulation, held: Array, free: Array, label: tuple[str, ...]
    ) -> Float[Array, "node place species"]:
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
        of = self._of_body(patient)
        return of("heart") * of("plasma_mL") * patient.body_mass_kg / of("body_mass_kg")

    def _space(self, patient: Patient) -> Regions:
        known = patient.anatomy.space
        mass = [known.mass_g[known.index(n)] if n in known.names else 0.0 for n in self.places]
        return Regions(self.places, jnp.stack([jnp.asarray(m, float) for m in mass]))


def moves_as_iodide(agent: Agent) -> bool:
    """Whether the label, once free, moves as iodide (`IODIDES`)."""
    return agent.payload.name.split("-")[0] in IODIDES
