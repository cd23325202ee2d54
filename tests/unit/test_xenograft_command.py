"""What ``pdcraft xenograft`` prints can be put into a patients' study."""

import tomllib

import numpy as np

from pdcraft.app.xenograft import lines
from pdcraft.study import study_from_text


def test_the_line_for_patients_is_one_that_a_study_reads(tmp_path, example):
    random, rows = np.random.default_rng(2), ["animal,arm,day,volume_mm3"]
    for arm, loss in (("control", 0.0), ("low", 1.0)):
        for k in range(4):
            for day in range(0, 15, 2):
                delayed = 0.1 * day - loss * (1.0 - 2.0 ** (-day / 2.0))
                volume = 100.0 * np.exp(delayed + 0.05 * random.normal())
                rows.append(f"{arm}{k},{arm},{day},{volume:.1f}")
    file = tmp_path / "volumes.csv"
    file.write_text("\n".join(rows) + "\n")
    said = list(lines(file, "a2780", ["low=4 Gy"], "1 d", ["linear_growth"]))
    (line,) = [one for one in said if one.startswith('"tumour.alpha" = {')]
    given = tomllib.loads(line)["tumour.alpha"]
    assert 0.05 < given["value"] < 0.6 and given["cv"] > 0.5  # 50 % between species is in it
    study = study_from_text(example.read_text("utf-8") + line + "\n")
    assert study.parameters["tumour.alpha"].cv == given["cv"]
