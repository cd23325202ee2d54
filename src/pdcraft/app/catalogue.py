"""What ``pdcraft library`` says: the shelves, and the numbers of one entry with their sources."""

from __future__ import annotations

from collections.abc import Iterator

from pdcraft import library
from pdcraft.domain import InputError, ParameterSet, unknown
from pdcraft.library.phantom_geometry import description

_SHELVES = {
    "agents": "conjugates: carrier + payload",
    "phantoms": "reference bodies",
    "diseases": "diseases",
    "tissues": "tissues that answer to dose",
    "xenografts": "tumours in mice",
    "kinetics": "kinetic parameter sets",
    "species": "who is treated",
    "dosimetry": "parameters of the dosimetry",
    "nuclides": "any radionuclide of ICRP 107, by name",
}


def lines(kind: str | None, name: str | None) -> Iterator[str]:
    """Lines of text for one shelf or one entry."""
    if kind is None:
        for shelf, title in _SHELVES.items():
            yield f"{shelf:10} {title}: {', '.join(_names(shelf)) or '(give a name)'}"
        return
    if kind not in _SHELVES:
        raise unknown("Shelf", kind, _SHELVES)
    if name is None:
        yield from _names(kind) or ["Give a name, as: pdcraft library nuclides I-131"]
        return
    yield from {"agents": _agent, "phantoms": _phantom, "nuclides": _nuclide}.get(
        kind, lambda entry: _parameters(library.parameters(f"{kind}/{entry}"))
    )(name)


def drawing(kind: str | None, name: str | None) -> str:
    """A page that shows a phantom in three sections."""
    if kind != "phantoms" or name is None:
        raise InputError("Only a phantom can be drawn: pdcraft library phantoms NAME --html FILE.")
    library.phantom(name)  # an unknown name is told with the known ones
    from pdcraft.report.phantom_sections import page

    return page(_drawn(name))


def _names(kind: str) -> list[str]:
    if kind == "phantoms":
        return list(library.phantom_names())
    return [] if kind == "nuclides" else library.names_on(kind)


def _agent(name: str) -> Iterator[str]:
    row, agent = library.read_toml("agents", name), library.agent(name)
    carrier = agent.carrier
    made_of = f"{carrier.formula}, {carrier.molar_mass_g_per_mol:g} g/mol"
    yield f"{agent.name}: {carrier.name} ({made_of}) + {agent.payload.name}"
    yield f"  source: {row['source']}, {row['where']}"
    drug = agent.payload.drug
    if drug is not None:
        yield f"  {drug.name}: {drug.formula}, {drug.molar_mass_g_per_mol:g} g/mol, on a linker"
        yield from _parameters(library.parameters(f"kinetics/{drug.name}"))
        return
    yield from _nuclide(agent.payload.name)


def _nuclide(name: str) -> Iterator[str]:
    chain = library.chain(name)
    yield f"{chain.nuclides[0]} and its radioactive progeny (ICRP 107):"
    for nuclide, rate in zip(chain.nuclides, chain.rate_per_h.tolist(), strict=True):
        emitted = library.emissions(nuclide)
        energies = ", ".join(
            f"{r} {emitted.energy_MeV(r):.5g}" for r in ("photon", "electron", "alpha")
        )
        yield f"  {nuclide:10} half-life {0.6931471805599453 / rate:.6g} h; MeV/decay: {energies}"


def _drawn(name: str) -> str:
    """The body that has the shapes: at 15 years that of the adult female."""
    return "adult_female" if name == "age_15" else name


def _phantom(name: str) -> Iterator[str]:
    body, text = library.phantom(name), description(_drawn(name))
    yield f"{name}: {len(body.targets)} target and {len(body.sources)} source regions"
    yield f"  source: {text['source']}, {text['where']}"
    for target, mass in zip(body.targets, body.mass_g.tolist(), strict=True):
        yield f"  {target:32} {mass:10.4g} g"


def _parameters(held: ParameterSet) -> Iterator[str]:
    for p in held.values():
        yield f"{p.name} = {p.with_unit(f'{p.value:g}')}  [{p.status}; spread: {p.spread}]"
        yield f"    {p.source.key}, {p.source.where}"
        if p.rests_on_it:
            yield f"    rests on it: {p.rests_on_it}"
