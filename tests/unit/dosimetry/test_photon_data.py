import numpy as np
import pytest

from pdcraft.library.photon_data import ELECTRON_MEV, attenuation, mean_transfer, transport_tables

pytest.importorskip("h5py")
pytest.importorskip("xraylib")
WATER = {1: 0.111898, 8: 0.888102}


def test_pair_production_starts_at_its_threshold():
    assert attenuation(WATER, np.array([1.02]))["pair"][0] == 0
    assert attenuation(WATER, np.array([1.03]))["pair"][0] > 0


def test_pair_production_is_smooth_between_grid_points():
    # XCOM itself gives 8.3e-4 cm2/g at 2.61 MeV; a table read linearly in log-log gives more.
    assert attenuation(WATER, np.array([2.61]))["pair"][0] == pytest.approx(8.35e-4, rel=0.01)


def test_photoelectric_absorption_jumps_at_the_calcium_edge():
    below, above = attenuation({20: 1.0}, np.array([0.004037, 0.0040382]))["photoelectric"]
    assert above / below == pytest.approx(8.76, rel=0.01)


def test_the_sum_of_processes_is_the_total_of_another_library():
    import xraylib

    for Z in (1, 8, 20, 26):
        for keV in (5.5, 13.0, 47.0, 350.0):
            ours = sum(attenuation({Z: 1.0}, np.array([keV / 1e3])).values())[0]
            assert ours == pytest.approx(xraylib.CS_Total(Z, keV), rel=2e-3)


def test_mean_energy_transfer_has_its_thomson_limit_and_its_known_value_at_1_MeV():
    x, free = np.array([1e-9, 1e9]), np.ones(2)
    low = mean_transfer(np.array([1e-4]), x, free)[0]
    assert low == pytest.approx(1e-4 / ELECTRON_MEV, rel=1e-3)
    assert mean_transfer(np.array([1.0]), x, free)[0] == pytest.approx(0.440, abs=0.001)


def test_no_material_attenuates_more_than_the_majorant():
    _, ceiling, tables, *_ = transport_tables([WATER, {20: 0.1, 8: 0.9}], [1.0, 1.4], nodes=100)
    assert np.all(tables[:, :, 0] <= ceiling)
    assert np.allclose(tables[:, :, 1:5].sum(2), tables[:, :, 0])
    assert np.all(tables[:, :, 5] < tables[:, :, 0])
