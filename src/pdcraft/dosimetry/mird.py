r"""The MIRD sum: dose rate as activity times S value, summed over sources.

.. math:: \dot D(r_T,t) = \sum_{r_S}\sum_n A_n(r_S,t)\,S_n(r_T\leftarrow r_S)

Sources are the regions of the phantoms, what is spread over the rest of the body, myeloma nests
in the marrow, and lesions. Photons come from the phantoms' specific absorbed fractions; electrons
and alphas stay in their source, except in active marrow, between marrow and the myeloma nests in
it, in lesions, and at the wall of a hollow organ (theory page *dosimetry*, sections 1-4).
"""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import Activity, Anatomy, DoseRate, InputError, unknown
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.lesion import Lesions
from pdcraft.dosimetry.s_values import BODY, MARROW

TUMOUR, SKELETON, NOWHERE = "tumour", "skeleton", "excreta"
REST = ("plasma", "blood", "tissue", "rest of body", "iodide")
"""Compartments that fill the body evenly, except the regions that have activity of their own."""
LESION = "lesion"
_WITHIN = {MARROW: SKELETON, TUMOUR: SKELETON}
WALLS = {
    "urinary bladder wall": "urinary bladder contents",
    "gall bladder wall": "gall bladder contents",
    "stomach wall": "stomach contents",
    "upper large intestine wall": "upper large intestine contents",
    "lower large intestine wall": "lower large intestine contents",
}
"""Walls that get half the charged-particle dose of their contents (at their inner surface)."""


def is_lesion(name: str) -> bool:
    """Whether a place is a lesion, as "lesion", "lesion 1" or "lesion 2 in liver"."""
    return name.split(" ")[0] == LESION


def site(lesion: str) -> str:
    """Region that a lesion lies in, of which its name speaks; the whole body without.

    Examples
    --------
    >>> site("lesion 2 in red marrow"), site("lesion 1")
    ('red marrow', 'total body')
    """
    return lesion.partition(" in ")[2] or BODY


class Mird(AbstractEngine):
    r"""S values of reference phantoms, scaled to the patient's masses.

    Attributes
    ----------
    places
        Target regions: those of the phantoms and, in bodies with marrow, ``tumour`` (myeloma nests
        in it). An anatomy may add lesions.
    regions
        Source regions of the phantoms.
    photon_S
        Photon S values of the phantoms. Gy/(MBq h), ``[sex, target, source, nuclide]``.
    photon_sigma
        Their standard deviation from the Monte Carlo of the tables, same unit and shape.
    electron_share
        Part of the electron energy from a source that a target absorbs, same shape.
    reference_g
        Masses of the phantoms' targets. g, ``[sex, target]``.
    emitted_MeV
        Energy per decay by radiation. MeV, ``[nuclide, 3]``.
    marrow_self
        Part of the electron energy from active marrow that active marrow absorbs. ``[nuclide]``.
    nest_share
        Part of the electron energy that stays in the myeloma nest it came from. ``[nuclide]``.
    lesions
        Absorbed fractions of spheres.

    References
    ----------
    bolch2009, Eq. 1; cristy1987 for the phantoms
    """

    places: tuple[str, ...] = eqx.field(static=True)
    nuclides: tuple[str, ...] = eqx.field(static=True)
    regions: tuple[str, ...] = eqx.field(static=True)
    photon_S: Float[Array, "sex target source nuclide"]
    photon_sigma: Float[Array, "sex target source nuclide"]
    electron_share: Float[Array, "sex target source nuclide"]
    reference_g: Float[Array, "sex target"]
    emitted_MeV: Float[Array, "nuclide 3"]
    marrow_self: Float[Array, "nuclide"]
    nest_share: Float[Array, "nuclide"]
    lesions: Lesions

    def dose_rate(self, activity: Activity, anatomy: Anatomy) -> DoseRate:
        """Absorbed dose rate in every place of the anatomy. Gy/h.

        Raises
        ------
        InputError
            If the activity is of other nuclides than the engine was built for.
        MissingError
            If activity lies in a region that the engine has no S values for.
        """
        if activity.nuclides != self.nuclides:
            raise InputError(
                f"The engine was built for {', '.join(self.nuclides)}; the activity is of "
                f"{', '.join(activity.nuclides)}. Build it for the chain of the payload."
            )
        S = self.s_Gy_per_MBq_h(activity.space.names, anatomy)
        rate = jnp.einsum("tsnr,snm->trm", S, activity.MBq)
        return DoseRate(anatomy.space, RADIATIONS, activity.clock, rate)

    def s_Gy_per_MBq_h(
        self, sources: Sequence[str], anatomy: Anatomy
    ) -> Float[Array, "target source nuclide radiation"]:
        """Dose per decay from every source to every target, for this patient's masses.

        Parameters
        ----------
        sources
            Names of `regions`, of `REST`, "tumour", "lesion…" or "excreta". A lesion whose name
            says its site ("lesion 1 in liver") gets the photons that its site gets, and sends its
            own as if from there; without site the body stands for both. What the sources of
            `REST` fill depends on the others: the body less every region named beside them. In a
            body without marrow of its own (the mouse) "red marrow" is part of the rest.
        anatomy
            Masses of the patient, in the order of `places`; lesions after them.
        """
        names = anatomy.space.names
        if names[: len(self.places)] != self.places or not all(
            is_lesion(n) for n in names[len(self.places) :]
        ):
            raise InputError(
                "The anatomy must have the places of the engine in its order, then lesions: "
                + ", ".join(self.places)
            )
        for name in names[len(self.places) :]:
            if site(name) not in self.regions:
                raise unknown(f"Site of '{name}', region", site(name), self.regions)
        for name in sources:
            self._check_source(name, names)
        photon = self._photon(sources, anatomy)
        electron, alpha = self._charged(sources, anatomy)
        return jnp.stack([photon, electron, alpha], axis=-1)

    def sigma_Gy_per_MBq_h(
        self, sources: Sequence[str], anatomy: Anatomy
    ) -> Float[Array, "target source nuclide radiation"]:
        """Standard deviation of `s_Gy_per_MBq_h` from the Monte Carlo of the photon tables.

        Electrons and alphas, whose fractions are known within 0.5 %, and lesions without site
        have 0.
        """
        ref = self.reference_g[anatomy.sex]
        table, body = self.photon_sigma[anatomy.sex], self.regions.index(BODY)
        m = {n: ref[self.places.index(n)] for n in self.regions}
        named = [n for n in self._named(sources) if n in self.regions]
        rest = m[BODY] ** 2 * table[:, body] ** 2
        rest += sum((m[n] ** 2 * table[:, self.regions.index(n)] ** 2 for n in named), 0.0)
        left = m[BODY] - sum(m[n] for n in named)
        columns = {n: table[:, k] for k, n in enumerate(self.regions)}
        columns |= dict.fromkeys(REST, jnp.sqrt(rest) / left)
        columns.setdefault(MARROW, columns["rest of body"])
        columns |= {NOWHERE: jnp.zeros_like(table[:, body])}
        if self.has_nests:
            columns[TUMOUR] = columns[MARROW]
        columns[LESION] = jnp.zeros_like(table[:, body])
        photon = jnp.stack([columns[self._column_of(n)] for n in sources], axis=1)
        more = len(anatomy.space.names) - photon.shape[0]
        photon = jnp.pad(photon, ((0, more), (0, 0), (0, 0)))
        for k, place in enumerate(anatomy.space.names[len(self.places) :]):
            if site(place) != BODY:
                row = photon[self.places.index(site(place))]
                is_own = np.array([n == place for n in sources])[:, None]
                photon = photon.at[len(self.places) + k].set(jnp.where(is_own, 0.0, row))
        return jnp.stack([photon, jnp.zeros_like(photon), jnp.zeros_like(photon)], axis=-1)

    def energy_closure(
        self, sources: Sequence[str], anatomy: Anatomy
    ) -> Float[Array, "source nuclide radiation"]:
        r"""Energy given to all organs together per energy emitted, by source.

        .. math:: \sum_{T} m_T\,S(T \leftarrow S) / E

        over the targets that make up the body once. Electrons and alphas: 1 within the accuracy
        of the tables; more where a wall is given the dose at its inner surface. Photons: the part
        that does not leave the body. NaN where a nuclide emits nothing of the kind.
        """
        S = self.s_Gy_per_MBq_h(sources, anatomy)
        within = _WITHIN if self.has_nests else {}
        once = [n not in (BODY, *within) for n in anatomy.space.names]
        mass = anatomy.space.mass_g * jnp.asarray(once)
        given = jnp.einsum("t,tsnr->snr", mass, S) / GY_G_PER_MEV_MBQ_H
        return jnp.where(
            self.emitted_MeV > 0,
            given / jnp.where(self.emitted_MeV > 0, self.emitted_MeV, 1),
            jnp.nan,
        )

    def _check_source(self, name: str, places: tuple[str, ...]) -> None:
        if is_lesion(name):
            if name not in places:
                raise InputError(
                    f"Source '{name}' has no mass. Give it, in g, with the masses of the body: a "
                    "lesion is a place of the anatomy behind the organs."
                )
            return
        known = (*self.regions, *REST, MARROW, *([TUMOUR] if self.has_nests else []), NOWHERE)
        if name not in known:
            raise unknown("Source region", name, (*known, LESION))

    @property
    def has_nests(self) -> bool:
        """Whether "tumour" means nests in the marrow, and not a region of the phantom."""
        return TUMOUR not in self.regions and MARROW in self.regions

    def _named(self, sources: Sequence[str]) -> list[str]:
        """Places with activity of their own, none inside another."""
        named = [n for n in sources if (n in self.regions and n != BODY) or n == TUMOUR]
        return [n for n in named if _WITHIN.get(n) not in named]

    def _photon(self, sources: Sequence[str], anatomy: Anatomy) -> Array:
        n_targets = self.reference_g.shape[-1]
        mass, ref = anatomy.space.mass_g, self.reference_g[anatomy.sex]
        table = self.photon_S[anatomy.sex]
        # Photon self-dose goes with m^(-2/3): a heavier organ absorbs a larger part.
        scale = jnp.cbrt(ref / mass[:n_targets]) ** 2
        self_dose = np.array([[t == s for s in self.regions] for t in self.places[:n_targets]])
        scaled = table * jnp.where(self_dose, scale[:, None], 1.0)[..., None]
        whole = scale[self.places.index(BODY)]
        body = self.regions.index(BODY)
        rest = self._rest(sources, table, ref) * whole
        # What a lesion without a site emits is known of the body on average only.
        at_body = self.places.index(BODY)
        loose = jnp.zeros_like(rest).at[at_body].set(rest[at_body])
        columns = {n: k for k, n in enumerate(self.regions)}
        more = {"rest of body": rest, NOWHERE: jnp.zeros_like(rest), LESION: loose}
        columns |= {n: len(self.regions) + k for k, n in enumerate(more)}
        columns |= dict.fromkeys(REST, columns["rest of body"])
        columns.setdefault(MARROW, columns["rest of body"])
        if self.has_nests:
            columns[TUMOUR] = columns[MARROW]
        every = scaled.at[:, body].set(table[:, body] * whole)
        every = jnp.concatenate([every, jnp.stack(list(more.values()), axis=1)], axis=1)
        S = every[:, np.array([columns[self._column_of(n)] for n in sources])]
        # Photons reach myeloma nests as they reach marrow, and lesions as they reach their site.
        rows = [S, S[self.places.index(MARROW)][None]] if self.has_nests else [S]
        for k, place in enumerate(anatomy.space.names[len(self.places) :]):
            own = self.lesions.fraction(mass[len(self.places) + k])[:, 0]
            own = own * self.emitted_MeV[:, 0] * GY_G_PER_MEV_MBQ_H / mass[len(self.places) + k]
            is_own = np.array([n == place for n in sources])[:, None]
            rows.append(jnp.where(is_own, own, S[self.places.index(site(place))])[None])
        return jnp.concatenate(rows, axis=0)

    def _column_of(self, source: str) -> str:
        """Name of the photon column of a source: that of its site, for a lesion with one."""
        if not is_lesion(source):
            return source
        return LESION if site(source) == BODY else site(source)

    def _rest(self, sources: Sequence[str], table: Array, ref: Array) -> Array:
        """The even whole body less the regions with activity of their own."""
        named = [n for n in self._named(sources) if n in self.regions]
        if self.has_nests and TUMOUR in sources and MARROW not in named and SKELETON not in named:
            named.append(MARROW)
        body, k = self.regions.index(BODY), [self.regions.index(n) for n in named]
        m = ref[np.array([self.places.index(n) for n in named], int)]
        m_body = ref[self.places.index(BODY)]
        less = jnp.einsum("tsn,s->tn", table[:, np.array(k, int)], m)
        return jnp.maximum((table[:, body] * m_body - less) / (m_body - m.sum()), 0.0)

    def _charged(self, sources: Sequence[str], anatomy: Anatomy) -> tuple[Array, Array]:
        """Electrons and alphas. Gy/(MBq h), ``[target, source, nuclide]`` each."""
        mass = dict(zip(anatomy.space.names, anatomy.space.mass_g, strict=True))
        # Where activity is the same in all that is not named, one column stands for many sources.
        even = (*REST, *([MARROW] if MARROW not in self.places else []))
        stand = ["rest of body" if n in even else n for n in sources]
        own = [n for n in stand if n in self.regions and n not in (MARROW, SKELETON, BODY)]
        others = [n for n in dict.fromkeys(stand) if n not in own]
        columns = [self._from_regions(own, anatomy)]
        for name in others:
            if name in ("rest of body", BODY):
                column = self._even([] if name == BODY else self._named(sources), anatomy)
            else:
                column = self._column(self._spread(name, mass), anatomy)
            columns.append(column[:, None])
        per_g = jnp.concatenate(columns, axis=1)
        per_g = per_g[:, np.array([(*own, *others).index(n) for n in stand])]
        body = self.places.index(BODY)
        somewhere = np.array([n != NOWHERE for n in sources])[:, None, None]
        per_g = per_g.at[body].set(jnp.where(somewhere, 1.0 / mass[BODY], 0.0))
        S = per_g * (GY_G_PER_MEV_MBQ_H * self.emitted_MeV[:, 1:])
        return S[..., 0], S[..., 1]

    def _column(self, spread: dict[str, Array], anatomy: Anatomy) -> Array:
        """The same as an array. 1/g, ``[place, nuclide, 2]``."""
        column = jnp.zeros((len(anatomy.space.names), len(self.nuclides), 2))
        if not spread:
            return column
        at = np.array([anatomy.space.names.index(place) for place in spread])
        shares = [jnp.broadcast_to(x, column.shape[1:]) for x in spread.values()]
        return column.at[at].set(jnp.stack(shares))

    def _electrons(self, sources: Sequence[str], anatomy: Anatomy) -> tuple[Array, np.ndarray]:
        """Electron energy per mass from regions of the phantom, 1/g, and which is a self-dose.

        Across a surface the dose stays as the organ grows; in the organ it goes with 1/m.
        """
        ref = self.reference_g[anatomy.sex][:, None]
        targets = self.places[: len(ref)]
        is_own = np.array([[t == s for s in sources] for t in targets], bool)
        is_own = is_own.reshape(len(targets), len(sources))
        k = np.array([self.regions.index(n) for n in sources], int)
        mass = jnp.where(is_own, anatomy.space.mass_g[: len(targets), None], ref)
        return self.electron_share[anatomy.sex][:, k] / mass[..., None], is_own

    def _from_regions(self, sources: Sequence[str], anatomy: Anatomy) -> Array:
        """From regions of the phantom to themselves and their neighbours. 1/g."""
        names, n_targets = anatomy.space.names, self.reference_g.shape[-1]
        mass = anatomy.space.mass_g[:n_targets, None]
        electron, is_own = self._electrons(sources, anatomy)
        alpha = jnp.broadcast_to(jnp.where(is_own, 1.0 / mass, 0.0)[..., None], electron.shape)
        per_g = jnp.stack([electron, alpha], axis=-1)
        per_g = jnp.pad(per_g, ((0, len(names) - n_targets), *[(0, 0)] * 3))
        wall = [(w, s) for w, s in WALLS.items() if w in names and s in sources]
        if wall:
            at = np.array([names.index(w) for w, _ in wall])
            inside = np.array([names.index(s) for _, s in wall])
            of = np.array([sources.index(s) for _, s in wall])
            half = 0.5 / anatomy.space.mass_g[inside]
            per_g = per_g.at[at, of].set(half[:, None, None])
        return per_g

    def _spread(self, name: str, mass: dict[str, Array]) -> dict[str, Array]:
        """Charged-particle energy per mass in every place that a source reaches. 1/g."""
        if name in (MARROW, TUMOUR):
            return self._marrow(name, mass)
        if is_lesion(name):
            return {name: self.lesions.fraction(mass[name])[:, 1:] / mass[name]}
        if name == SKELETON:
            inside = [n for n in (SKELETON, MARROW, TUMOUR) if n in mass]
            return dict.fromkeys(inside, 1.0 / mass[SKELETON])
        return {}

    def _even(self, named: Sequence[str], anatomy: Anatomy) -> Array:
        """Even in all of the body but the named places. 1/g, ``[place, nuclide, 2]``."""
        mass = dict(zip(anatomy.space.names, anatomy.space.mass_g, strict=True))
        rest_g = mass[BODY] - sum((mass[n] for n in named), jnp.asarray(0.0))
        inside = {n for n, around in _WITHIN.items() if around in named}
        special = (MARROW, TUMOUR, SKELETON) if self.has_nests else (MARROW, SKELETON)
        bare = {n for n in (*named, *inside) if n in special}
        whole = [n for n in self.places if n not in (*bare, BODY)]
        column = self._column(dict.fromkeys(whole, jnp.asarray(1.0)), anatomy)
        others = [n for n in named if n not in bare]
        if others:
            # What a named region would give, were it as active as the rest, is not given.
            at = np.array([self.places.index(n) for n in others])
            own, _ = self._electrons(others, anatomy)
            given = jnp.einsum("tsn,s->tn", own, anatomy.space.mass_g[at])
            column = column.at[: len(given), :, 0].add(-given).at[at, :, 1].set(0.0)
        if SKELETON in whole:
            taken = sum((mass[n] for n in named if n in special), jnp.asarray(0.0))
            column = column.at[self.places.index(SKELETON)].add(-taken / mass[SKELETON])
        for n in bare:
            column = column.at[self.places.index(n)].set(0.0)
        return jnp.maximum(column, 0.0) / rest_g

    def _marrow(self, name: str, mass: dict[str, Array]) -> dict[str, Array]:
        """Marrow and the nests in it share electrons (theory page, Eq. 7 and 8)."""
        stay = jnp.stack([self.nest_share, jnp.ones_like(self.nest_share)], axis=-1)
        held = jnp.stack([self.marrow_self, jnp.ones_like(self.marrow_self)], axis=-1)
        m_marrow, m_tumour = mass[MARROW], mass[TUMOUR]
        cross = held * (1.0 - stay) / (m_marrow + m_tumour)
        spread = {SKELETON: 1.0 / mass[SKELETON]} if SKELETON in mass else {}
        if name == MARROW:
            own = held / m_marrow - cross * m_tumour / m_marrow
            return {MARROW: own, TUMOUR: cross, **spread}
        return {MARROW: cross, TUMOUR: stay / m_tumour + cross, **spread}
