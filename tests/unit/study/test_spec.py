import pytest

from pdcraft.domain import InputError
from pdcraft.study import read_study, study_from_text


@pytest.fixture
def text(example):
    return example.read_text("utf-8")


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (
            'activity = "12.5 mCi/m2"', 'activity = "12.5 mCi"',
            "one kind of unit",
        ),
        ('activity = "12.5 mCi/m2"', 'activity = "-12.5 mCi/m2"', "greater than 0"),
        ('activity = "12.5 mCi/m2"', "activity = 12.5", "has no unit"),
        ("patients = 1000", "pateints = 1000", "Did you mean 'patients'"),
        ("patients = 1000", "patients = 0", "study.patients = 0"),
        ('{ at = "7 d"', '{ at = "-7 d"', "must be 0 or more"),
        (
            '[{ at = "0 d", activity = "15.625', '[{ at = "9 d", activity = "15.625',
            "List the doses in order of time",
        ),
        ('doses = [{ at = "0 d", activity = "12.5 mCi/m2" }]', "doses = []", "has no doses"),
        ('"31.25 mCi/m2"]', '"31.3 mCi/m2"]', "Did you mean '31.25 mCi/m2'"),
        ('ctcae       = "5.0"', 'ctcae = "4.0"', "Known: '5.0' or '6.0'"),
        ("seed     = 131", "seed = -1", "study.seed"),
        ('window = "56 d"', 'window = "365 d"', "longer than study.follow_up"),
        ('follow_up = "180 d"', 'follow_up = "5 d"', "after the end of follow-up"),
        ('name  = "18.75 mCi/m2"', 'name  = "12.5 mCi/m2"', "stands twice"),
        ("[study]", "[study", "is not TOML"),
    ],
)  # fmt: skip
def test_a_fault_in_the_study_file_is_named(text, good, bad, said):
    assert good in text
    with pytest.raises(InputError, match=said):
        study_from_text(text.replace(good, bad, 1))


def test_every_fault_is_told_at_once(text):
    with pytest.raises(InputError) as caught:
        study_from_text(
            text.replace("patients = 1000", "patients = 0").replace(
                '"12.5 mCi/m2" }', '"12.5 Gy" }'
            )
        )
    assert str(caught.value).count("study.toml:") == 2


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_study(tmp_path / "none.toml")


def test_the_example_means_what_it_says(example):
    study = read_study(example)
    last = study.cohort[4]
    assert [d.at for d in last.doses] == [0.0, 168.0]
    assert last.doses[0].given.value == pytest.approx(15.625 * 37.0)
    assert study.study.follow_up == 180 * 24
