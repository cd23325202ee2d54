r"""The whole body as numbers: rates of one patient, their graph, and their Laplace transform.

Tissues meet only in blood. So the transform needs no matrix: every tissue answers blood by itself,
the liver collects from the portal tissues, and arteries, veins and lungs close the circle
(theory page *kinetics*, equations 22-25).
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import Values
from pdcraft.domain.graph import Graph

Transfers = tuple[tuple[str, str, float], ...]
"""Transfers (from, to, 1/h) as known numbers."""


class Circulation(eqx.Module):
    """Rates of one patient; pools are tissues, then tumour sites.

    Attributes
    ----------
    tissues, sites, portal
        Names; ``portal`` drain to the liver.
    flow_mL_per_h, plasma_mL
        Plasma flow through every pool, and plasma in its vessels. ``[pool]``.
    arteries_mL, veins_mL
        Plasma in the large vessels.
    entry_per_h, return_per_h
        From vessels into the pool and back. ``[pool]``.
    liver_per_h, liver_shares
        Loss from liver, and its shares to iodide, bile and urine.
    filtration_per_h
        From vessels of the kidneys to urine.
    raft_per_h
        Membrane to raft, raft to membrane, raft to the inside of the cell.
    internal_per_h, internal_shares
        Loss from the inside of tumour cells, and its shares to iodide and urine.
    blockade
        Part of the thyroid's uptake that is blocked.
    """

    tissues: tuple[str, ...] = eqx.field(static=True)
    sites: tuple[str, ...] = eqx.field(static=True)
    portal: tuple[str, ...] = eqx.field(static=True)
    flow_mL_per_h: Float[Array, "pool"]
    plasma_mL: Float[Array, "pool"]
    arteries_mL: Float[Array, ""]
    veins_mL: Float[Array, ""]
    entry_per_h: Float[Array, "pool"]
    return_per_h: Float[Array, "pool"]
    liver_per_h: Float[Array, ""]
    liver_shares: Float[Array, "3"]
    filtration_per_h: Float[Array, ""]
    raft_per_h: Float[Array, "3"]
    internal_per_h: Float[Array, ""]
    internal_shares: Float[Array, "2"]
    blockade: Float[Array, ""]

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of all pools; a tumour site's is the bulk of its membranes."""
        return (*self.tissues, *(f"{site} membrane" for site in self.sites))

    @property
    def compartments(self) -> tuple[str, ...]:
        """Compartments of the carrier, in the order of `carrier_transform`."""
        vessels = (f"{n} blood" for n in (*self.tissues, *self.sites))
        deep = (f"{n} {part}" for part in ("raft", "internal") for n in self.sites)
        return ("veins", "arteries", *vessels, *self.pools, *deep)

    def at(self, pool: str) -> int:
        """Position of a pool."""
        return self.pools.index(pool)

    def graph(self, iodine: Transfers) -> Graph:
        """All transfers by name, with those of free iodide and of metabolites in bile."""
        e = self._of_carrier()
        for a, b, rate in iodine:
            e[a, b] = jnp.asarray(rate)
        e["Blood1", "Thyroid1"] *= 1.0 - self.blockade
        e["bile", "RC-con"] = e["SI-conRe", "RC-con"]
        return _graph(e)

    def carrier_graph(self) -> Graph:
        """Transfers of the carrier by name; what is set free ends where it enters."""
        return _graph(self._of_carrier())

    def _of_carrier(self) -> dict[tuple[str, str], Array]:
        e: dict[tuple[str, str], Array] = {}
        F, V = self.flow_mL_per_h, self.plasma_mL
        vessels = [f"{n} blood" for n in (*self.tissues, *self.sites)]
        lungs, liver = self.at("lungs"), self.at("liver")
        systemic, portal = F.sum() - F[lungs], jnp.zeros(())
        e["veins", "lungs blood"] = systemic / self.veins_mL
        e["lungs blood", "arteries"] = F.sum() / V[lungs]
        for i, (pool, vessel) in enumerate(zip(self.pools, vessels, strict=True)):
            e["arteries", vessel] = F[i] / self.arteries_mL
            e[vessel, pool], e[pool, vessel] = self.entry_per_h[i], self.return_per_h[i]
            if pool in self.portal:
                e[vessel, "liver blood"] = F[i] / V[i]
                portal = portal + F[i]
            elif i not in (lungs, liver):
                e[vessel, "veins"] = F[i] / V[i]
        e["liver blood", "veins"] = (F[liver] + portal) / V[liver]
        e["kidneys blood", "UB-con"] = self.filtration_per_h
        for share, to in zip(self.liver_shares, ("Blood1", "bile", "UB-con"), strict=True):
            e["liver", to] = self.liver_per_h * share
        for site in self.sites:
            membrane, raft, inside = (f"{site} {part}" for part in ("membrane", "raft", "internal"))
            e[membrane, raft], e[raft, membrane], e[raft, inside] = self.raft_per_h
            for share, to in zip(self.internal_shares, ("Blood1", "UB-con"), strict=True):
                e[inside, to] = self.internal_per_h * share
        return e


def _graph(edges: dict[tuple[str, str], Array]) -> Graph:
    places = tuple(dict.fromkeys(place for pair in edges for place in pair))
    return Graph(places, tuple(edges), jnp.stack(list(edges.values())))


def carrier_transform(
    c: Circulation,
    s_per_h: Float[np.ndarray, "node"],
    *,
    fill: Float[Array, "node site"] | float = 0.0,
) -> Float[Array, "node compartment"]:
    r"""Laplace transform of the carrier after a bolus into the veins. h, ``[node, compartment]``.

    A pool with return :math:`b`, entry :math:`a` and loss :math:`l(s)` lets blood see the loss
    :math:`a\,(s+l)/(s+b+l)`; vessels with flow F and volume V pass on
    :math:`\varphi = (F/V)/(s+F/V+a(s+l)/(s+b+l))` of what comes in. Rafts that are full to the
    share ``fill`` (see `fill_seen`) take up so much less.
    """
    s = jnp.asarray(s_per_h)[:, None]
    nt = len(c.tissues)
    to_raft, off_raft, inward = c.raft_per_h
    raft_share = to_raft * (1.0 - fill) / (s + off_raft + inward)
    loss = jnp.zeros((s.shape[0], len(c.pools)), s.dtype).at[:, c.at("liver")].add(c.liver_per_h)
    loss = loss.at[:, nt:].add(raft_share * (s + inward))
    pool = c.entry_per_h / (s + c.return_per_h + loss)  # per amount in the vessels
    seen = pool * (s + loss)
    seen = seen.at[:, c.at("kidneys")].add(c.filtration_per_h)

    F, V, lungs, liver = c.flow_mL_per_h, c.plasma_mL, c.at("lungs"), c.at("liver")
    portal = jnp.asarray([c.at(n) for n in c.portal])
    out = F.at[liver].add(F[portal].sum()).at[lungs].set(F.sum())
    stay = 1.0 / (s + out / V + seen)
    vessel = F / c.arteries_mL * stay  # per amount in the arteries
    from_portal = (vessel[:, portal] * (F / V)[portal]).sum(axis=1)
    vessel = vessel.at[:, liver].add(from_portal * stay[:, liver])
    drains = jnp.ones(len(c.pools)).at[portal].set(0.0).at[lungs].set(0.0)
    back = (vessel * (out / V) * drains).sum(axis=1)  # arteries to veins

    systemic, s = F.sum() - F[lungs], s[:, 0]
    through = stay[:, lungs] * F.sum() / V[lungs]  # lung vessels to arteries
    artery = through * systemic / c.veins_mL  # per amount in the veins
    artery = artery / (s + F.sum() / c.arteries_mL - through * F[lungs] / c.arteries_mL)
    veins = 1.0 / (s + systemic / c.veins_mL - back * artery)
    arteries = artery * veins
    vessel = vessel * arteries[:, None]
    vessel = vessel.at[:, lungs].add(stay[:, lungs] * systemic / c.veins_mL * veins)
    pool = pool * vessel
    raft = pool[:, nt:] * raft_share
    inside = raft * inward / (s[:, None] + c.internal_per_h)
    return jnp.concatenate([veins[:, None], arteries[:, None], vessel, pool, raft, inside], axis=1)


def freed(c: Circulation, carrier: Float[Array, "node compartment"]) -> Float[Array, "node 3"]:
    """What the carrier gives to iodide, bile and urine. 1, ``[node, 3]``."""
    at, n = c.compartments.index, len(c.sites)
    liver = carrier[:, at("liver"), None] * c.liver_per_h * c.liver_shares
    inside = carrier[:, -n:].sum(axis=1) * c.internal_per_h
    filtered = carrier[:, at("kidneys blood")] * c.filtration_per_h
    return liver + jnp.stack(
        [inside * c.internal_shares[0], 0.0 * inside, inside * c.internal_shares[1] + filtered],
        axis=1,
    )


class IodidePaths(eqx.Module):
    """Laplace transform of free label after a unit into iodide, bile or urine; thyroid unblocked.

    Attributes
    ----------
    places
        Compartments, excreta left out.
    x
        h, ``[node, place, entry]``.
    """

    places: tuple[str, ...] = eqx.field(static=True)
    x: np.ndarray
    uptake_per_h: float = eqx.field(static=True)

    @classmethod
    def of(cls, iodine: Transfers, s_per_h: np.ndarray) -> IodidePaths:
        """Numbers for known s; nothing here depends on the patient."""
        rate = {(a, b): k for a, b, k in iodine}
        rate["bile", "RC-con"] = rate["SI-conRe", "RC-con"]
        names = tuple(dict.fromkeys(a for a, _ in rate))
        K = np.zeros((len(names), len(names)))
        for (a, b), k in rate.items():
            K[names.index(a), names.index(a)] -= k
            if b in names:
                K[names.index(b), names.index(a)] += k
        enter = np.eye(len(names))[:, [names.index(n) for n in ("Blood1", "bile", "UB-con")]]
        block = np.zeros((len(names), 1))
        block[[names.index("Thyroid1"), names.index("Blood1")], 0] = 1.0, -1.0
        system = np.asarray(s_per_h)[:, None, None] * np.eye(len(names)) - K
        x = np.linalg.solve(system, np.concatenate([enter, block], axis=1))
        return cls(names, x, rate["Blood1", "Thyroid1"])

    def moved(self, blockade: Array) -> Float[Array, "node place"]:
        """Answer to a unit that enters the thyroid as one leaves blood. h, ``[node, place]``."""
        moved, blood = jnp.asarray(self.x[..., 3]), self.places.index("Blood1")
        return moved / (1.0 + blockade * self.uptake_per_h * moved[:, blood])[:, None]

    def transform(
        self, freed: Float[Array, "node 3"], blockade: Array
    ) -> Float[Array, "node place"]:
        """Free label in every compartment. Blockade is a change of rank one. ``[node, place]``."""
        open_ = jnp.einsum("kpe,ke->kp", self.x[..., :3], freed)
        blood = open_[:, self.places.index("Blood1"), None]
        return open_ - blockade * self.uptake_per_h * blood * self.moved(blockade)


def unbound_fraction(values: Values) -> Float[Array, ""]:
    r"""Share of the carrier in plasma that is not bound.

    .. math:: f_u = 1/(1 + K_\mathrm{alb}[\mathrm{Alb}] + K_\mathrm{LDL}[\mathrm{LDL}])
    """
    return 1.0 / (
        1.0
        + values["binding.albumin"] * values["plasma.albumin"]
        + values["binding.lipoprotein"] * values["plasma.ldl"]
    )
