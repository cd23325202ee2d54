"""From a nuclide, a body and time-integrated activities to organ doses; from a study to those."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import jax
import numpy as np

from pdcraft import decay, kinetics, library
from pdcraft.domain.errors import InputError, ValidityWarning
from pdcraft.dosimetry import ElectronSpheres, Mird, PhotonSpheres, build_mird
from pdcraft.dosimetry.organ_doses import (
    OrganDoses,
    organ_doses,
    progeny_yields,
    reference_anatomy,
)
from pdcraft.study.prepare import prepare
from pdcraft.study.reference import reference_patient
from pdcraft.study.spec import Study

_CHECKED_SCALE = (0.5, 2.0)


def mird_engine(nuclide: str, *phantoms: str) -> Mird:
    """The MIRD engine for a nuclide with its progeny, and one or two bodies of the library.

    Examples
    --------
    >>> mird_engine("I-131", "adult_male").nuclides
    ('I-131', 'Xe-131m')
    """
    parameters = library.parameters("dosimetry/marrow")
    return build_mird(
        [library.phantom(name) for name in phantoms],
        [library.emissions(name) for name in library.chain(nuclide).nuclides],
        library.electrons_in_water(),
        marrow_floor=parameters["marrow.electron_floor"].value,
        marrow_length_g_per_cm2=parameters["marrow.electron_length"].value,
        nest_mass_g=parameters["tumour.nest_mass"].value,
        spheres=ElectronSpheres(*library.sphere_fractions()),
        photon_spheres=PhotonSpheres(*library.photon_sphere_fractions()),
    )


def doses_from(
    nuclide: str,
    phantom: str,
    tia_MBq_h: Mapping[str, float],
    *,
    mass_g: Mapping[str, float] | None = None,
    lesions_g: Mapping[str, float] | None = None,
) -> OrganDoses:
    """Organ doses from time-integrated activities of a nuclide; its progeny decays where it did.

    Parameters
    ----------
    nuclide, phantom
        As "I-131" and "adult_male".
    tia_MBq_h
        Time-integrated activity of the nuclide by source region. MBq h.
    mass_g
        Masses of the patient where they differ from the body's. g; outside half to twice the
        reference a ValidityWarning, because absorbed fractions are only scaled.
    lesions_g
        Masses of lesions, by names as "lesion" or "lesion 1". g.

    Examples
    --------
    >>> found = doses_from("I-131", "adult_male", {"liver": 1.0})
    >>> at = found.targets.index("liver")
    >>> round(float(found.total_Gy[at]) * 1e3, 4)  # mGy
    0.0778
    """
    engine = mird_engine(nuclide, phantom)
    anatomy = reference_anatomy(engine, mass_g=mass_g, lesions_g=lesions_g)
    for name, mass in (mass_g or {}).items():
        if name not in engine.places[: engine.reference_g.shape[1]]:
            continue
        ratio = mass / float(engine.reference_g[0, engine.places.index(name)])
        if not _CHECKED_SCALE[0] <= ratio <= _CHECKED_SCALE[1]:
            warnings.warn(
                f"Mass of '{name}' is {ratio:.3g} times that of {phantom}; scaling of absorbed "
                "fractions is checked from half to twice.",
                ValidityWarning,
                stacklevel=2,
            )
    yields = progeny_yields(library.chain(nuclide))
    return organ_doses(engine, anatomy, {n: a * yields for n, a in tia_MBq_h.items()})


def doses_of_study(study: Study, *, cohort: int = 0, sex: str = "male") -> OrganDoses:
    """Organ doses of a study's reference patient (typical values, no myeloma) in one cohort."""
    prepared = prepare(study)
    patient = reference_patient(prepared, sex=sex)
    many = jax.tree.map(lambda leaf: leaf[None], patient)
    regimen = prepared.regimens(study.cohort[cohort], many)
    one = jax.tree.map(lambda leaf: leaf[0], regimen)
    plan = prepared.plan
    if not isinstance(plan.engine, Mird):
        raise InputError("Organ doses of a study need the Mird engine.")
    amount = kinetics.simulate(plan.kinetics, patient, one, plan.agent)
    activity = decay.activity(amount, plan.agent.payload.chain)
    if plan.daughters is not None:
        activity = decay.relocated(activity, plan.agent.payload.chain, plan.daughters)
    tia = np.asarray(activity.integral_MBq_h)
    return organ_doses(
        plan.engine, patient.anatomy, dict(zip(activity.space.names, tia, strict=True))
    )
