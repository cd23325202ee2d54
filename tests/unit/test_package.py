import pdcraft


def test_the_public_names_are_few_and_all_there():
    names = [n for n in pdcraft.__all__ if not n.startswith("__")]
    assert len(names) <= 30
    for name in names:
        assert getattr(pdcraft, name) is not None


def test_every_parameter_of_the_library_cites_a_known_source():
    from pdcraft import library

    for folder in ("species", "kinetics", "tissues", "diseases", "dosimetry", "xenografts"):
        for name in library.names_on(folder):
            for parameter in library.parameters(f"{folder}/{name}").values():
                assert parameter.source.key in library.bibliography()
                assert parameter.source.where
                assert parameter.unit


def test_every_agent_of_the_library_can_be_made():
    from pdcraft import library

    for name in library.names_on("agents"):
        agent = library.agent(name)
        assert agent.carrier.molar_mass_g_per_mol > 0
        assert len(agent.payload.emissions) == len(agent.payload.chain.nuclides)


def test_references_in_docstrings_are_in_the_bibliography():
    """Every key under a References heading stands in SOURCES.bib."""
    import pathlib
    import re

    from pdcraft import library

    root = pathlib.Path(pdcraft.__file__).parent
    lost = {}
    for path in root.rglob("*.py"):
        if "cases" in path.parts:
            continue
        for block in re.findall(
            r"References\n\s*-{5,}\n(.*?)(?:\n\s*\n|\"\"\")", path.read_text(), re.S
        ):
            for key in re.findall(r"\b([a-z][a-z_]*?(?:19|20)\d\d[a-z]?)\b", block):
                if key not in library.bibliography():
                    lost.setdefault(key, path.name)
    assert not lost
