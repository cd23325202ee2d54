"""Time-activity tables: what is read, and what is refused with its line."""

import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError


def read(tmp_path, text, **said):
    file = tmp_path / "tac.csv"
    file.write_text(text, "utf-8")
    return library.time_activity(file, "I-124", **said)


def test_decay_corrected_percent_becomes_decaying_fractions(tmp_path):
    text = (
        "# PET\nregion,time_d,activity_percent_IA,cv_percent,decay_corrected\n"
        "liver,0.5,20,5,yes\nmarrow,0.5,8,5,yes\nliver,2,10,5,yes\n"
    )
    liver, marrow = read(tmp_path, text)
    left = np.exp(-liver.decay_per_h * np.array([12.0, 48.0]))
    assert (liver.region, marrow.region, liver.unit) == ("liver", "marrow", "1")
    assert liver.time_h.tolist() == [12.0, 48.0]
    assert liver.activity == pytest.approx([0.2, 0.1] * left)
    assert liver.sigma == pytest.approx([0.01, 0.005] * left)
    assert liver.rows == (3, 5)


def test_the_call_may_say_what_the_file_does_not(tmp_path):
    text = "time_h,activity_kBq\n1,2000\n5,1000\n"
    (whole,) = read(tmp_path, text, decay_corrected=False)
    assert (whole.region, whole.unit, whole.activity.tolist()) == ("whole body", "MBq", [2.0, 1.0])
    with pytest.raises(InputError, match="Add a column decay_corrected"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time_h,activity_MBq,decay_corrected\n1,2,no\n2,1,yes\n", "lines 3 are decay-corrected"),
        ("time_h,activity_MBq\n1,2\n2,1 kBq\n", "line 3: activity_MBq = '1 kBq'"),
        ("time_h,activity_MBq,activity_percent_IA\n1,2,3\n", "needs one column of activity"),
        ("time_h,activity\n1,2\n", "needs one column of activity with its unit"),
        ("time_h,activity_MBq\n5,2\n1,1\n", "line 3, region 'whole body', point 2: time 1 h"),
        ("time_h,activity_MBq\n-5,2\n1,1\n", "line 2.*before the injection"),
        ("time_h,activity_MBq\n1,-2\n", "line 2.*0 or more"),
        ("time_h,activity_MBq\n1,nan\n", "line 2: activity_MBq = nan must be finite"),
        ("time_h,activity_MBq,sigma_MBq\n1,2,0\n", "line 2.*uncertainty 0"),
        ("time_h,activity_MBq,sigma_kBq\n1,2,1\n", "in the unit of activity_MBq"),
        ("time_h,activity_MBq,organ\n1,2,x\n", "columns organ are not known"),
        ("time_h,activity_MBq\n1\n", "line 2: 1 cells for 2 columns"),
        ("time_h,activity_MBq,decay_corrected\n1,2,perhaps\n", "must be yes or no"),
        ("time_h,activity_MBq\n", "holds no points"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, text, decay_corrected=None if "decay_corrected" in text else False)


def test_a_file_and_a_call_that_disagree_are_refused(tmp_path):
    with pytest.raises(InputError, match="says yes, the call says no"):
        read(tmp_path, "time_h,activity_MBq,decay_corrected\n1,2,yes\n", decay_corrected=False)
