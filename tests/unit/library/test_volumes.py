import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError


def test_volumes_are_read(tmp_path):
    file = tmp_path / "v.csv"
    file.write_text("# caliper\nanimal,arm,day,volume_mm3\n1,control,0,100\n1,control,3.5,150\n")
    assert library.tumour_volumes(file) == (
        ("1", "1"), ("control", "control"), [0.0, 3.5], [100.0, 150.0]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("animal,arm,day\n1,c,0\n", "lacks the column.* volume_mm3"),
        ("animal,arm,day,volume_mm3\n1,c,-1,100\n", "line 2: day = '-1'"),
        ("# x\nanimal,arm,day,volume_mm3\n1,c,0,0\n", "line 3: volume_mm3 = '0'"),
        ("animal,arm,day,volume_mm3\n1,c,0,nan\n", "line 2: volume_mm3 = 'nan'"),
        ("animal,arm,day,volume_mm3\n1,c,0,9\n1,d,1,9\n", "line 3: animal 1 is in arm d and in c"),
        ("animal,arm,day,volume_mm3\n1,c,0,9\n1,c,0,9\n", "line 3: animal 1 has day 0 twice"),
        ("animal,arm,day,volume_mm3\n", "holds no rows"),
    ],
)
def test_a_table_that_cannot_be_right_names_its_lines(tmp_path, text, said):
    file = tmp_path / "v.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        library.tumour_volumes(file)


def test_every_animal_tumour_has_a_known_source_and_file():
    rows = library.read.read_rows("xenografts/models.csv")
    names = library.names_on("xenografts")
    for row in rows:
        assert row["source"] in library.bibliography() and row["where"]
        assert not row["file"] or row["file"] in names
        assert bool(row["value"]) == bool(row["unit"])
    assert {row["file"] for row in rows} >= set(names)


def test_the_growth_of_lm2_4_takes_as_long_as_the_mean_of_its_mice():
    """mastri2019: means of 175 mm3 (33 mice) on day 14 and of 1,322 mm3 (35) on day 34."""
    held = library.parameters("xenografts/lm2_4")
    rate, linear = (held[f"xenograft.{n}"].value for n in ("growth_rate", "linear_growth"))
    switch = linear / rate  # g; exponential below, then a constant mass a day
    days = np.log(switch / 0.175) / rate + (1.322 - switch) / linear
    assert days == pytest.approx(20.0, abs=4.0)  # not the same mice on both days
