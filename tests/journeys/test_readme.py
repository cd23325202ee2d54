"""What the README promises."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent.parent / "README.md"


def test_the_ten_lines_run(monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    monkeypatch.chdir(README.parent)
    exec(compile(code, str(README), "exec"), {})
    said = capsys.readouterr().out
    assert float(re.search(r"red marrow: ([\d.]+) Gy", said)[1]) == pytest.approx(1.2, abs=0.4)


def test_every_file_it_points_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8")):
        assert (README.parent / target).exists(), target
