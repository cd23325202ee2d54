"""What ``pdcraft dose`` says: organ doses as text, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pdcraft.domain import InputError
from pdcraft.dosimetry.mird import is_lesion
from pdcraft.dosimetry.organ_doses import OrganDoses
from pdcraft.library.own_file import own_text
from pdcraft.study import read_study
from pdcraft.study.organ_doses import doses_from, doses_of_study

COLUMNS = ("source", "tia_MBq_h")


def pairs(entries: Sequence[str], what: str) -> dict[str, float]:
    """Entries as ``liver=3.2`` read into a table; ``what`` they are, for the message."""
    found: dict[str, float] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise InputError(f"'{entry}' is not {what}. Write it as liver=3.2.")
    return found


def table(path: Path) -> dict[str, float]:
    """Time-integrated activities from a CSV file with the columns `COLUMNS`."""
    text = own_text(path).splitlines()
    rows = csv.DictReader(line for line in text if not line.startswith("#"))
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise InputError(f"{path.name} must have the columns {', '.join(COLUMNS)}.")
    return pairs([f"{r['source']}={r['tia_MBq_h']}" for r in rows], "a row of activities")


def doses(
    *,
    nuclide: str | None,
    phantom: str,
    tia: Sequence[str],
    file: Path | None,
    mass: Sequence[str],
) -> OrganDoses:
    """Organ doses for what the command line says; a study file brings its own activities."""
    if file is not None and file.suffix == ".toml":
        sex = "female" if phantom == "adult_female" else "male"
        return doses_of_study(read_study(file), sex=sex)
    if nuclide is None:
        raise InputError("Name the nuclide, as --nuclide I-131.")
    activities = {**(table(file) if file else {}), **pairs(tia, "a time-integrated activity")}
    if not activities:
        raise InputError("Give activities, as --tia liver=3.2 (MBq h) or a CSV file.")
    masses = pairs(mass, "a mass in g")
    return doses_from(
        nuclide, phantom, activities,
        mass_g={n: m for n, m in masses.items() if not is_lesion(n)},
        lesions_g={n: m for n, m in masses.items() if is_lesion(n)},
    )  # fmt: skip


def lines(found: OrganDoses, title: str) -> Iterator[str]:
    """Doses by target, highest first, with the source that gives most."""
    yield title
    yield f"{'target':32}{'mass g':>10}{'dose mGy':>12}{'sigma':>10}   " + "".join(
        f"{r:>11}" for r in found.radiations
    )
    for t in np.argsort(-found.total_Gy, kind="stable"):
        by = 1e3 * found.Gy[t].sum(axis=0)
        most = found.sources[int(np.argmax(found.Gy[t].sum(axis=1)))]
        yield (
            f"{found.targets[t]:32}{found.mass_g[t]:10.4g}{1e3 * found.total_Gy[t]:12.4g}"
            f"{1e3 * found.total_sigma_Gy[t]:10.2g}   "
            + "".join(f"{v:11.4g}" for v in by)
            + f"   most from {most}"
        )
    for source, closure in zip(found.sources, found.closure, strict=True):
        if np.isfinite(closure) and closure > 0:
            yield f"Charged energy in the organs per energy emitted in {source}: {closure:.3f}"
    yield "sigma: Monte Carlo of the photon tables only, not of masses or activities."


def as_csv(found: OrganDoses) -> str:
    """One row for each target, source and radiation. Gy."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["target", "source", "radiation", "dose_Gy", "sigma_Gy", "target_mass_g"])
    for t, target in enumerate(found.targets):
        for s, source in enumerate(found.sources):
            for r, radiation in enumerate(found.radiations):
                writer.writerow(
                    [target, source, radiation, f"{found.Gy[t, s, r]:.6g}",
                     f"{found.sigma_Gy[t, s, r]:.3g}", f"{found.mass_g[t]:.6g}"]
                )  # fmt: skip
    return out.getvalue()
