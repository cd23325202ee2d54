"""Readers of ICRP files, on tiny files in the distributed formats with made-up numbers."""

import pytest

from pdcraft import library
from pdcraft.domain import InputError, MissingError
from pdcraft.dosimetry import organ_s_Gy_per_MBq_h
from pdcraft.library.electron_data import matter
from pdcraft.library.icrp import icrp133_phantom, voxel_phantom
from pdcraft.library.mixture import mean_excitation_eV

ORGANS = """List of organs

Organ                                                  Tissue  Density
ID    Organ/tissue                                     number  (g/cm3)
1     Adrenal, left                                    43      1.030
2     Liver                                            32      1.050
"""
MEDIA = """Medium                                        H     C
no.                                             (%)
32    Liver               10.2 13.1 3.1 72.4 0.2 0.0 0.2 0.3 0.2 0.3 0.0 0.0 0.0
43    Adrenals and glands 10.4 22.1 2.8 63.7 0.1 0.0 0.2 0.3 0.2 0.2 0.0 0.0 0.0
"""
HEAD = """Specific absorbed fractions
Made-up phantom
Some particles
  2  2    0.0  0.010  1.000 Ecutoff ID|
---
"""
PHOTON = (
    HEAD
    + """Liver     <-Liver      0.5 4.0E-01 1.0E-01  0.0 1
Kidneys   <-Liver      0.0 1.0E-03 2.0E-02  0.0 1
Liver     <-Kidneys    0.0 1.0E-03 2.0E-02  0.0 1
Kidneys   <-Kidneys    2.0 1.0E+00 4.0E-01  0.0 1
"""
)
ELECTRON = (
    HEAD
    + """Liver     <-Liver      0.5 5.0E-01 4.0E-01  0.0 1
Kidneys   <-Liver      0.0 0.0 1.0E-02  0.0 1
Liver     <-Kidneys    0.0 0.0 1.0E-02  0.0 1
Kidneys   <-Kidneys    2.5 2.5 2.0E+00  0.0 1
"""
)
NDX = """Targets 2016
 ---- Mass(kg)
  2  Male Female |
Liver  2.000E+00 1.500E+00
Kidneys 4.000E-01 3.000E-01
"""


@pytest.fixture
def files(tmp_path):
    for name, text in (
        ("AM_organs.dat", ORGANS), ("AM_media.dat", MEDIA), ("p.SAF", PHOTON),
        ("e.SAF", ELECTRON), ("t.NDX", NDX),
    ):  # fmt: skip
        (tmp_path / name).write_text(text)
    (tmp_path / "AM.dat").write_text("0 1 2 2\n0 0 2 2\n" + "2 0 0 0\n0 0 0 1")
    return tmp_path


def test_voxels_are_in_the_order_column_row_slice(files):
    body = voxel_phantom(files, "AM", shape=(4, 2, 2), voxel_mm=(10.0, 10.0, 10.0))
    assert body.organ.shape == (4, 2, 2)
    assert body.organ[1, 0, 0] == 1 and body.organ[3, 1, 1] == 1 and body.organ[0, 0, 1] == 2
    assert body.masses_g() == pytest.approx({"Adrenal, left": 2 * 1.03, "Liver": 5 * 1.05})
    assert body.percent[32][3] == 72.4 and body.medium[2] == 32


def test_a_voxel_phantom_becomes_a_body_for_the_voxel_engines(files):
    found = voxel_phantom(files, "AM", shape=(4, 2, 2), voxel_mm=(10.0, 10.0, 10.0))
    body, media = found.body()
    assert body.media == ("medium 32", "medium 43") == tuple(m.name for m in media)
    assert float(body.mass_g.sum()) == pytest.approx(sum(found.masses_g().values()), rel=1e-6)
    assert body.medium.reshape(4, 2, 2)[1, 0, 0] == 1 and float(body.density_g_per_cm3[0]) == 0.0
    (files / "AM_media.dat").unlink()
    bare = voxel_phantom(files, "AM", shape=(4, 2, 2), voxel_mm=(10.0, 10.0, 10.0))
    with pytest.raises(InputError, match="put the file of media"):
        bare.body()


def test_braggs_rule_gives_the_excitation_energies_of_estar():
    for name in ("water", "soft_tissue", "lung", "cortical_bone", "adipose", "muscle", "blood"):
        composition, _, excitation_eV = matter(name)
        assert mean_excitation_eV(composition) == pytest.approx(excitation_eV, rel=5e-3)
    with pytest.raises(MissingError, match="element '92'"):
        mean_excitation_eV({92: 1.0})


def test_wrong_numbers_of_voxels_and_unlisted_organs_are_refused(files):
    with pytest.raises(InputError, match="holds 16 voxels"):
        voxel_phantom(files, "AM")
    (files / "AM.dat").write_text("7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0")
    with pytest.raises(MissingError, match="organ '7'"):
        voxel_phantom(files, "AM", shape=(4, 2, 2))
    with pytest.raises(InputError, match="no file"):
        voxel_phantom(files / "nowhere", "AF")


def test_absorbed_fractions_become_s_values(files):
    body = icrp133_phantom(files / "p.SAF", files / "t.NDX", electrons=files / "e.SAF", sex="AM")
    assert body.targets == ("Liver", "Kidneys") and body.mass_g.tolist() == [2000.0, 400.0]
    assert body.electron_fraction[0, 0].tolist() == [1.0, 0.8]
    S = organ_s_Gy_per_MBq_h(body, library.emissions("Y-90"))
    # Y-90: 0.933 MeV of electrons; the liver keeps 80 to 100 % of them in 2 kg.
    whole = 0.5767 * 0.933 / 2000.0
    assert 0.8 * whole < S[0, 0] < whole
    assert 0.0 < S[1, 0] < 0.01 * S[1, 1]


def test_a_cut_line_and_missing_regions_are_told(files):
    (files / "cut.SAF").write_text(PHOTON.replace("4.0E-01 1.0E-01  0.0 1", "4.0E-01"))
    with pytest.raises(InputError, match="Line 6 of cut"):
        icrp133_phantom(files / "cut.SAF", files / "t.NDX", sex="AM")
    (files / "few.SAF").write_text("\n".join(PHOTON.splitlines()[:-2]))
    with pytest.raises(InputError, match="announces 2 targets and 2 sources"):
        icrp133_phantom(files / "few.SAF", files / "t.NDX", sex="AF")
