"""The examples of whole-body kinetics run, and say what they should."""

import importlib.util
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main()


def test_a_mouse_keeps_its_tumour_longer_than_its_marrow(capsys):
    found = run("mouse_clr125")
    assert found["lesion 1"] > 2 * found["red marrow"] > 0
    assert "lesion 1" in capsys.readouterr().out


def test_free_paclitaxel_comes_late_and_stays_low(capsys):
    peak, area = run("clr1602_ptx")
    assert 0 < peak < area
    assert "paclitaxel" in capsys.readouterr().out
