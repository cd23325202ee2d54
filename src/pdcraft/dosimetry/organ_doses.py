"""Time-integrated activities in, absorbed doses out, by target, source and radiation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from pdcraft.domain import Anatomy, InputError, Regions
from pdcraft.domain.agent import Chain
from pdcraft.dosimetry.base import RADIATIONS
from pdcraft.dosimetry.mird import Mird, is_lesion


@dataclass(frozen=True)
class OrganDoses:
    """Absorbed doses to organs.

    Attributes
    ----------
    targets, sources, radiations
        Names of the axes.
    mass_g
        Mass of every target. g.
    Gy, sigma_Gy
        Absorbed dose and its standard deviation from the Monte Carlo of the photon tables. Gy,
        ``[target, source, radiation]``.
    closure
        Energy given to all organs per energy emitted, by source; electrons and alphas together.
    """

    targets: tuple[str, ...]
    sources: tuple[str, ...]
    radiations: tuple[str, ...]
    mass_g: NDArray
    Gy: NDArray
    sigma_Gy: NDArray
    closure: NDArray

    @property
    def total_Gy(self) -> NDArray:
        """All sources and radiations together. Gy, ``[target]``."""
        return self.Gy.sum(axis=(1, 2))

    @property
    def total_sigma_Gy(self) -> NDArray:
        """Its standard deviation. Gy, ``[target]``."""
        return np.sqrt((self.sigma_Gy**2).sum(axis=(1, 2)))


def progeny_yields(chain: Chain) -> NDArray:
    r"""Decays of every member of a chain per decay of the parent, if nothing moves. ``[nuclide]``.

    .. math:: Y_d = \frac{\lambda_d\int N_d\,dt}{\lambda_1\int N_1\,dt}
              = \lambda_d\sum_k c_{dk}/\lambda_k

    Examples
    --------
    >>> from pdcraft import library
    >>> progeny_yields(library.chain("I-131")).round(4).tolist()
    [1.0, 0.0118]
    """
    rate, bateman = np.asarray(chain.rate_per_h), np.asarray(chain.bateman)
    return rate * (bateman / rate).sum(axis=1)


def reference_anatomy(
    engine: Mird,
    *,
    sex: int = 0,
    mass_g: Mapping[str, float] | None = None,
    lesions_g: Mapping[str, float] | None = None,
) -> Anatomy:
    """Anatomy of a reference body, with the masses that are given and lesions put in.

    Raises
    ------
    InputError
        If a mass is not greater than 0.
    MissingError
        If a region is not one of the body's.
    """
    places = Regions(engine.places, jnp.zeros(len(engine.places)))
    mass = np.zeros(len(engine.places))
    mass[: engine.reference_g.shape[1]] = np.asarray(engine.reference_g[sex])
    for name, value in {**(mass_g or {}), **(lesions_g or {})}.items():
        if not value > 0:
            raise InputError(f"Mass of '{name}' is {value:g} g; it must be greater than 0.")
    for name, value in (mass_g or {}).items():
        mass[places.index(name)] = value
    names = (*engine.places, *(lesions_g or {}))
    return Anatomy(
        Regions(names, jnp.asarray([*mass, *(lesions_g or {}).values()])), jnp.asarray(sex)
    )


def organ_doses(
    engine: Mird, anatomy: Anatomy, tia_MBq_h: Mapping[str, float | Sequence[float] | NDArray]
) -> OrganDoses:
    r"""Absorbed doses from time-integrated activities.

    .. math:: D(r_T) = \sum_{r_S}\sum_n \tilde A_n(r_S)\,S_n(r_T \leftarrow r_S)

    Parameters
    ----------
    engine, anatomy
        Built for the nuclides; masses of the body.
    tia_MBq_h
        Time-integrated activity by source region: of every nuclide of the engine, or of its first
        nuclide alone (then the others are taken as 0). MBq h.

    Returns
    -------
    OrganDoses
        Doses to every place of the anatomy that has a mass, by source and radiation.

    Raises
    ------
    InputError
        If a source has no mass, or an activity is negative or not finite.
    MissingError
        If a source is not known; the nearest name is suggested.
    """
    sources = tuple(tia_MBq_h)
    A = np.zeros((len(sources), len(engine.nuclides)))
    for k, values in enumerate(tia_MBq_h.values()):
        one = np.atleast_1d(np.asarray(values, float))
        A[k, : len(one)] = one
    if not sources:
        raise InputError("No source region is given; give one as liver=3.2.")
    for name, row in zip(sources, A, strict=True):
        if not np.all(np.isfinite(row)) or np.any(row < 0):
            raise InputError(
                f"Time-integrated activity in '{name}' is {row.tolist()} MBq h; it must be finite "
                "and not negative."
            )
    _check_volumes(sources, anatomy)
    S, sigma, closure = (np.nan_to_num(v, posinf=0.0) for v in _tables(engine, sources, anatomy))
    mass = np.asarray(anatomy.space.mass_g)
    there = mass > 0
    return OrganDoses(
        tuple(n for n, m in zip(anatomy.space.names, mass, strict=True) if m > 0),
        sources, RADIATIONS, mass[there],
        np.einsum("tsnr,sn->tsr", S, A)[there],
        np.einsum("tsnr,sn->tsr", sigma, A)[there],
        _closure(closure[..., 1:], np.asarray(engine.emitted_MeV)[:, 1:], A),
    )  # fmt: skip


@eqx.filter_jit
def _tables(engine: Mird, sources: tuple[str, ...], anatomy: Anatomy) -> tuple[Array, ...]:
    return (
        engine.s_Gy_per_MBq_h(sources, anatomy),
        engine.sigma_Gy_per_MBq_h(sources, anatomy),
        engine.energy_closure(sources, anatomy),
    )


def _check_volumes(sources: Sequence[str], anatomy: Anatomy) -> None:
    mass = dict(zip(anatomy.space.names, np.asarray(anatomy.space.mass_g), strict=True))
    for name in sources:
        if name in mass and not mass[name] > 0:
            hint = "give its mass" if is_lesion(name) or name == "tumour" else "choose another"
            raise InputError(f"Source '{name}' has no volume (mass 0 g) in this body: {hint}.")


def _closure(given: NDArray, emitted_MeV: NDArray, A: NDArray) -> NDArray:
    """Charged energy in all organs per energy emitted. NaN without charged particles."""
    emitted = A[:, :, None] * emitted_MeV
    total = emitted.sum(axis=(1, 2))
    share = (given * emitted).sum(axis=(1, 2))
    return np.divide(share, total, out=np.full(len(total), np.nan), where=total > 0)
