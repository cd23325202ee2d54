r"""Body surface by formulas with a name: activities per m2 depend on which one a protocol means."""

from __future__ import annotations

from jaxtyping import Array, Float

from pdcraft.domain import InputError, unknown

# name: (factor, power of height in cm, power of mass in kg), surface in m2
_FORMULAS = {
    "mosteller": (1.0 / 60.0, 0.5, 0.5),
    "dubois": (0.007184, 0.725, 0.425),
    "haycock": (0.024265, 0.3964, 0.5378),
    "gehan-george": (0.0235, 0.42246, 0.51456),
    "livingston": (0.1173, 0.0, 0.6466),
}
SURFACE_FORMULAS = tuple(_FORMULAS)
"""Names of the formulas."""


def body_surface_m2(
    height_cm: Float[Array, "*n"] | float, mass_kg: Float[Array, "*n"] | float, formula: str
) -> Float[Array, "*n"] | float:
    r"""Body surface. m2.

    .. math:: S = c\,h^a\,m^b

    Parameters
    ----------
    height_cm, mass_kg
        cm and kg, > 0.
    formula
        One of `SURFACE_FORMULAS`. ``"livingston"`` needs the mass only.

    Raises
    ------
    MissingError
        If the formula is not known; the nearest names are suggested.
    InputError
        If a number given as such is not positive.

    References
    ----------
    mosteller1987; livingston2001, which compares the others

    Examples
    --------
    >>> [round(body_surface_m2(176.0, 73.0, f), 3) for f in ("mosteller", "dubois", "haycock")]
    [1.889, 1.889, 1.893]
    """
    if formula not in _FORMULAS:
        raise unknown("Formula of body surface", formula, _FORMULAS)
    for name, value, unit in (("height_cm", height_cm, "cm"), ("mass_kg", mass_kg, "kg")):
        if isinstance(value, (int, float)) and not value > 0:
            raise InputError(f"{name} = {value:g} {unit} must be greater than 0.")
    factor, of_height, of_mass = _FORMULAS[formula]
    return factor * height_cm**of_height * mass_kg**of_mass
