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
