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
    Values,
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
from pdcraft.kinetics.common_modes import common_modes
from pdcraft.kinetics.contour import hyperbola

IODIDES = ("I", "At")
"""Elements that move as iodide once they are free; for astatine that is an assumption."""

_LABEL = {
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

_CHAMBERS = "heart contents"
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

    References
    ----------
    icrp89 (bodies), icrp137 (iodide), brown1997 (mouse); the carrier's structure is an assumption
    """

    bodies: tuple[Physiology, ...] = eqx.field(static=True)
    iodine: Transfers = eqx.field(static=True)
    lesions: int = eqx.field(static=True)
    modes: int = eqx.field(static=True)
    exact_per_h: tuple[float, ...] = eqx.field(static=True)
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
    ) -> None:
        if not bodies or len({b.tissues for b in bodies}) > 1 or lesions < 0:
            raise InputError(
                "PBPK needs bodies with the same tissues and 0 or more lesions; it has "
                f"{[b.name for b in bodies]} and {lesions}."
            )
        for name in {*_LABEL} - {"bile"}:
            if name not in iodine.places:
                raise unknown("Compartment of iodine", name, iodine.places)
        self.bodies, self.lesions, self.modes = tuple(bodies), lesions, modes
        rates = np.asarray(iodine.rate_per_h).tolist()
        self.iodine = tuple((a, b, k) for (a, b), k in zip(iodine.transfers, rates, strict=True))
        self.exact_per_h = tuple(sorted({float(v) for v in exact_per_h if v < _QUICK}))[:3]

    @property
    def sites(self) -> tuple[str, ...]:
        """Tumour sites: myeloma in marrow, then lesions."""
        return ("tumour", *(f"lesion {k + 1}" for k in range(self.lesions)))

    @property
    def places(self) -> tuple[str, ...]:
        """Source regions of the dosimetry; large vessels lie in muscle, the phantoms' remainder."""
        organs = {r for body in self.bodies for r in body.regions}
        inner = sorted(organs | {_CHAMBERS, *_LABEL.values()} - {""})
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
        tumour, healthy = (space.mass_g[space.index(n)] for n in ("tumour", "red marrow"))
        # A tumour without any mass would have no vessels to ask for a flow per volume.
        share = jnp.clip(tumour / (tumour + healthy), 1e-9, 1.0 - 1e-9)
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
            perfused = 60.0 * p["lesion.perfusion"] * without_cells * mass
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
        transform = self.transform_h(patient, modes.node_per_h, halogen=moves_as_iodide(agent))
        c = jnp.moveaxis(modes.coefficients(transform), 0, -1)
        # What left is what is missing: one more mode, which stays for ever.
        c = jnp.concatenate([c, jnp.zeros((*c.shape[:2], 1))], axis=2)
        gone = -c.sum(axis=(0, 1))
        c = c.at[self.places.index("excreta"), 1].set(gone.at[-1].add(1.0))
        given = regimen.activity_MBq * agent.payload.chain.nmol_per_MBq
        n, k = given.shape[0], c.shape[2]
        clock = Exponentials(
            jnp.tile(jnp.append(jnp.asarray(modes.rate_per_h), 0.0), n),
            jnp.repeat(regimen.time_h, k), jnp.repeat(regimen.duration_h, k),
        )  # fmt: skip
        nmol = (c[:, :, None, :] * given[:, None]).reshape(*c.shape[:2], n * k)
        return Amount(self._space(patient), ("conjugate", "iodide"), clock, nmol)

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
        sex = patient.anatomy.sex if len(self.bodies) > 1 else 0
        label = self._regions([_of_label(body, paths.places) for body in self.bodies])
        carrier = self._regions([self._of_carrier(body, c.compartments) for body in self.bodies])
        return jnp.stack(
            [held @ jnp.asarray(carrier)[sex].T, free @ jnp.asarray(label)[sex].T], axis=-1
        )

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

    def _of_carrier(self, body: Physiology, names: tuple[str, ...]) -> dict:
        """Regions of every compartment of the carrier, with shares."""
        region = dict(zip(body.tissues, body.regions, strict=True))
        found = {}
        for name in names:
            site = next((n for n in self.sites if name.startswith(f"{n} ")), None)
            found[name] = [(site or region.get(name.removesuffix(" blood"), ""), 1.0)]
        for vessel in ("arteries", "veins"):
            chamber = 0.5 * body.heart / getattr(body, vessel)
            found[vessel] = [("muscle", 1.0 - chamber), (_CHAMBERS, chamber)]
        return found

    def _regions(self, maps: list[dict]) -> Float[np.ndarray, "body place compartment"]:
        share = np.zeros((len(maps), len(self.places), len(maps[0])))
        for b, parts in enumerate(maps):
            for i, pairs in enumerate(parts.values()):
                for place, part in pairs:
                    share[b, self.places.index(place), i] += part
        return share

    @property
    def blood_region(self) -> str:
        """The chambers of the heart: nothing but blood."""
        return _CHAMBERS

    def plasma_mL(self, patient: Patient) -> Float[Array, ""]:
        """Plasma in the chambers of the heart. mL."""
        of = self._of_body(patient)
        return of("heart") * of("plasma_mL") * patient.body_mass_kg / of("body_mass_kg")

    def _space(self, patient: Patient) -> Regions:
        known = patient.anatomy.space
        mass = [known.mass_g[known.index(n)] if n in known.names else 0.0 for n in self.places]
        return Regions(self.places, jnp.stack([jnp.asarray(m, float) for m in mass]))


def _of_label(body: Physiology, names: tuple[str, ...]) -> dict:
    """Regions of every compartment of free label, with shares."""
    # Organs with compartments of their own in the iodine model are not part of "other".
    named = [n not in _LABEL.values() for n in body.regions]
    mass = np.asarray(body.mass_g) * np.asarray(named)
    everywhere = list(zip(body.regions, (mass / mass.sum()).tolist(), strict=True))
    return {n: [(_LABEL[n], 1.0)] if _LABEL[n] else everywhere for n in names}


def unbound_fraction(values: Values) -> Float[Array, ""]:
    r"""Share of the carrier in plasma that is not bound.

    .. math:: f_u = 1/(1 + K_\mathrm{alb}[\mathrm{Alb}] + K_\mathrm{LDL}[\mathrm{LDL}])
    """
    return 1.0 / (
        1.0
        + values["binding.albumin"] * values["plasma.albumin"]
        + values["binding.lipoprotein"] * values["plasma.ldl"]
    )


def moves_as_iodide(agent: Agent) -> bool:
    """Whether the label, once free, moves as iodide (`IODIDES`)."""
    return agent.payload.name.split("-")[0] in IODIDES
