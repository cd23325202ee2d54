"""Numbers as a reader expects them: three significant digits, an interval, a unit."""

from __future__ import annotations

import math

NOT_REACHED = "NR"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_TYPE = {"1e9/L": "10⁹/L", "/m2": "/m²", "/m3": "/m³", " x ": " × "}


def significant(value: float, digits: int = 3) -> str:
    """Text of a number with so many significant digits, without an E.

    Examples
    --------
    >>> significant(0.96234), significant(1234.4), significant(2.5e-5), significant(0.0)
    ('0.962', '1234', '2.50×10⁻⁵', '0')
    """
    if value is None or math.isnan(value):
        return "–"
    if value == 0 or math.isinf(value):
        return "0" if value == 0 else "∞".rjust(1 + (value < 0), "-")
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if not -3 <= exponent < 6:
        mantissa = value / 10.0**exponent
        return f"{mantissa:.{digits - 1}f}×10{str(exponent).translate(_SUPERSCRIPT)}"
    return f"{value:.{max(0, digits - 1 - exponent)}f}".replace("-", "−")


def plain(value: float) -> str:
    """Text of a number as it was given, as in a regimen: ``12.5``, ``25``.

    Examples
    --------
    >>> plain(12.5), plain(25.0), plain(0.1 + 0.2)
    ('12.5', '25', '0.3')
    """
    return f"{value:.6g}"


def percent(fraction: float) -> str:
    """Text of a rate in %, with one decimal below 10 %.

    Examples
    --------
    >>> percent(0.234), percent(0.042), percent(0.0), percent(float("nan"))
    ('23 %', '4.2 %', '0 %', '–')
    """
    if fraction is None or math.isnan(fraction):
        return "–"
    value = 100 * fraction
    return f"{value:.1f} %" if 0 < round(value, 1) < 10 else f"{value:.0f} %"


def day(value: float) -> str:
    """Text of a day; ``NR`` where follow-up ended before it was reached.

    Examples
    --------
    >>> day(41.6), day(float("nan"))
    ('42', 'NR')
    """
    return NOT_REACHED if value is None or math.isnan(value) else f"{value:.0f}"


def interval(low: float, high: float, write=significant) -> str:
    """Text of an interval, each end written by ``write``.

    Examples
    --------
    >>> interval(0.6123, 1.519), interval(0.02, 0.31, percent)
    ('0.612 to 1.52', '2.0 to 31 %')
    """
    first, last = write(low), write(high)
    return f"{first.removesuffix(' %') if last.endswith(' %') else first} to {last}"


def unit(name: str) -> str:
    """Unit as printed: ``10⁹/L`` for ``1e9/L``.

    Examples
    --------
    >>> unit("1e9/L"), unit("g/L")
    ('10⁹/L', 'g/L')
    """
    return {"": "–", "1": "ratio", "ug": "µg", "umol": "µmol", "mm3": "mm³"}.get(name) or typeset(
        name
    )


def typeset(text: str) -> str:
    """Text with units and products as printed.

    Examples
    --------
    >>> typeset("2 x 15.625 mCi/m2")
    '2 × 15.625 mCi/m²'
    """
    for written, printed in _TYPE.items():
        text = text.replace(written, printed)
    return text


def sentence_case(name: str) -> str:
    """First letter large, the rest as given.

    Examples
    --------
    >>> sentence_case("red marrow")
    'Red marrow'
    """
    return name[:1].upper() + name[1:]


def listing(words: list[str]) -> str:
    """Words joined as in a sentence.

    Examples
    --------
    >>> listing(["liver"]), listing(["liver", "spleen", "kidneys"])
    ('liver', 'liver, spleen and kidneys')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
