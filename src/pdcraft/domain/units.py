"""House units, constants of nature, and the only unit conversions of pdcraft.

House units: h, MBq, Gy, g, mm, MeV, nmol. Text such as ``"12.5 mCi/m2"`` is read once, at the border.
"""

from __future__ import annotations

import math
import re

from pdcraft.domain.errors import InputError

LN2 = math.log(2.0)
AVOGADRO_PER_NMOL = 6.02214076e14  # exact, SI 2019 (1/mol x 1e-9)
MEV_TO_J = 1.602176634e-13  # exact, SI 2019
MBQ_PER_MCI = 37.0  # exact, definition of the curie
HOURS_PER_DAY = 24.0
NMOL_PER_MOL = 1e9
MM3_PER_CM3 = 1e3
DECAYS_PER_MBQ_H = 3.6e9
# Dose of 1 MeV per decay in 1 g during 1 MBq h. Gy g / (MeV MBq h).
GY_G_PER_MEV_MBQ_H = MEV_TO_J * DECAYS_PER_MBQ_H * 1e3

# unit -> (dimension, factor to the house unit of that dimension)
_UNITS: dict[str, tuple[str, float]] = {
    "h": ("time", 1.0),
    "min": ("time", 1 / 60),
    "s": ("time", 1 / 3600),
    "d": ("time", 24.0),
    "day": ("time", 24.0),
    "days": ("time", 24.0),
    "week": ("time", 168.0),
    "weeks": ("time", 168.0),
    "y": ("time", 8766.0),
    "Bq": ("activity", 1e-6),
    "kBq": ("activity", 1e-3),
    "MBq": ("activity", 1.0),
    "GBq": ("activity", 1e3),
    "uCi": ("activity", MBQ_PER_MCI * 1e-3),
    "mCi": ("activity", MBQ_PER_MCI),
    "Ci": ("activity", MBQ_PER_MCI * 1e3),
    "MBq/m2": ("activity per body surface", 1.0),
    "GBq/m2": ("activity per body surface", 1e3),
    "mCi/m2": ("activity per body surface", MBQ_PER_MCI),
    "MBq/kg": ("activity per body mass", 1.0),
    "mCi/kg": ("activity per body mass", MBQ_PER_MCI),
    "MBq/ug": ("activity per mass", 1.0),
    "GBq/mg": ("activity per mass", 1.0),
    "MBq/mg": ("activity per mass", 1e-3),
    "mCi/ug": ("activity per mass", MBQ_PER_MCI),
    "mCi/mg": ("activity per mass", MBQ_PER_MCI * 1e-3),
    "MBq/nmol": ("activity per amount", 1.0),
    "GBq/umol": ("activity per amount", 1.0),
    "MBq/umol": ("activity per amount", 1e-3),
    "mCi/umol": ("activity per amount", MBQ_PER_MCI * 1e-3),
    "Ci/mmol": ("activity per amount", MBQ_PER_MCI * 1e-3),
    "Gy": ("absorbed dose", 1.0),
    "cGy": ("absorbed dose", 1e-2),
    "mGy": ("absorbed dose", 1e-3),
    "mg/m2": ("mass per body surface", 1e-3),
    "g/m2": ("mass per body surface", 1.0),
    "mg/kg": ("mass per body mass", 1e-3),
    "mg": ("mass", 1e-3),
    "ug": ("mass", 1e-6),
    "g": ("mass", 1.0),
    "kg": ("mass", 1e3),
    "mm": ("length", 1.0),
    "cm": ("length", 10.0),
    "m": ("length", 1e3),
    "nmol": ("amount", 1.0),
    "umol": ("amount", 1e3),
    "nmol/g": ("amount per mass", 1.0),
    "umol/kg": ("amount per mass", 1.0),
    "1e9/L": ("blood count", 1.0),
    "g/L": ("mass concentration", 1.0),
    "g/dL": ("mass concentration", 10.0),
    "%": ("fraction", 1e-2),
    "1": ("fraction", 1.0),
}
_QUANTITY = re.compile(
    r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\s+|(?=[^\d.\s]))(\S.*?)\s*$"
)
_ALIASES = {"²": "2", "µ": "u", "μ": "u", "m^2": "m2"}


def read_quantity(text: str, dimension: str) -> float:
    """Value of a text such as ``"12.5 mCi/m2"`` in the house unit of its dimension.

    Parameters
    ----------
    text
        A number, a space and a unit.
    dimension
        What it must be, as ``"time"``, ``"activity"``, ``"activity per body surface"``.

    Returns
    -------
    float
        In house units (h, MBq, MBq/m2, MBq/kg, MBq/ug, MBq/nmol, Gy, g, nmol, nmol/g, 1e9/L, g/L).

    Raises
    ------
    InputError
        If the text is not a number with a unit, or the unit measures something else.

    Examples
    --------
    >>> read_quantity("12.5 mCi/m²", "activity per body surface")
    462.5
    >>> read_quantity("12.5 mCi", "activity per body surface")
    Traceback (most recent call last):
    ...
    pdcraft.domain.errors.InputError: '12.5 mCi' is a quantity of activity; activity per body surface is needed. Write it in MBq/m2, GBq/m2 or mCi/m2.
    """
    known = [unit for unit, (dim, _) in _UNITS.items() if dim == dimension]
    if not known:
        raise InputError(f"Dimension '{dimension}' is not one that pdcraft reads.")
    wanted = known[0] if len(known) == 1 else f"{', '.join(known[:-1])} or {known[-1]}"
    clean = str(text)
    for alias, plain in _ALIASES.items():
        clean = clean.replace(alias, plain)
    match = _QUANTITY.match(clean)
    if match is None:
        raise InputError(f"'{text}' is not a number with a unit. Write it in {wanted}.")
    value, unit = float(match.group(1)), match.group(2)
    if unit not in _UNITS:
        raise InputError(f"'{text}': unit '{unit}' is not known. Write it in {wanted}.")
    found, factor = _UNITS[unit]
    if found != dimension:
        raise InputError(
            f"'{text}' is a quantity of {found}; {dimension} is needed. Write it in {wanted}."
        )
    return value * factor


def unit_of(text: str) -> tuple[str, float]:
    """Unit of a text as it is written there, and its factor to the house unit.

    Examples
    --------
    >>> unit_of("12.5 mCi/m²")
    ('mCi/m2', 37.0)
    """
    clean = str(text)
    for alias, plain in _ALIASES.items():
        clean = clean.replace(alias, plain)
    match = _QUANTITY.match(clean)
    return (match.group(2), _UNITS[match.group(2)][1]) if match else ("", 1.0)


def dimension_of(text: str) -> str:
    """Dimension of a text such as ``"12.5 mCi/m2"``, or an empty string if it has none.

    Examples
    --------
    >>> dimension_of("12.5 mCi/m2")
    'activity per body surface'
    """
    clean = str(text)
    for alias, plain in _ALIASES.items():
        clean = clean.replace(alias, plain)
    match = _QUANTITY.match(clean)
    return _UNITS.get(match.group(2), ("", 0.0))[0] if match else ""
