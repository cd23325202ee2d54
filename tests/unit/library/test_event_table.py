"""NONMEM-format data sets: what is read, and what is refused with its line."""

import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError, ValidityWarning


def read(tmp_path, text, **said):
    file = tmp_path / "data.csv"
    file.write_text(text, "utf-8")
    return library.event_records(file, **said)


def test_doses_observations_and_covariates_are_read_in_house_time(tmp_path):
    text = (
        (
            "# a comment\nC,ID,TIME,AMT,RATE,ADDL,II,DV,WT,CENS,LLOQ\n"
            ".,7,0,100,50,2,1,.,70,0,.\n.,7,0.5,.,.,.,.,3.2,.,0,.\nC,7,1,.,.,.,.,99,.,0,.\n"
            ".,9,0,.,.,.,.,.,60,0,.\n"
        )
        .replace(".,9,0,.,.,.,.,.", ".,9,2,.,.,.,.,0.1")
        .replace("60,0,.", "60,1,0.2")
    )
    data = read(tmp_path, text, time_unit="d", covariates=("WT",))
    assert data.subjects == ("7", "9")
    assert data.time_h.tolist() == [0.0, 12.0, 48.0]
    assert data.rate_per_h[0] == pytest.approx(50 / 24)
    assert data.interval_h[0] == 24.0
    assert data.event.tolist() == [1, 0, 0]
    assert data.is_observed.tolist() == [False, True, True]
    assert data.covariates["WT"].tolist() == [70.0, 70.0, 60.0]
    assert (data.censoring.tolist(), data.limit.tolist()) == ([0, 0, 1], [0.0, 0.0, 0.2])
    assert data.rows == (3, 4, 6)


@pytest.mark.parametrize(("carry", "filled"), [("locf", 50.0), ("nocb", 60.0)])
def test_a_missing_covariate_is_carried_as_asked(tmp_path, carry, filled):
    text = "ID,TIME,DV,WT\n1,0,1,50\n1,1,1,.\n1,2,1,60\n"
    assert read(tmp_path, text, covariates=("WT",), carry=carry).covariates["WT"][1] == filled


def test_time_may_begin_anew_with_a_reset(tmp_path):
    text = "ID,TIME,AMT,DV,EVID\n1,0,5,.,1\n1,10,.,2,0\n1,0,5,.,4\n1,3,.,2,0\n"
    assert read(tmp_path, text).time_h.tolist() == [0.0, 10.0, 10.0, 13.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ID,TIME,DV\n1,2,1\n1,1,1\n", "line 3: TIME 1 goes back behind 2 of line 2"),
        ("ID,TIME,DV,EVID\n1,0,1,7\n", "line 2: EVID = 7 is not known"),
        ("ID,TIME,DV\n1,0,x\n", "line 2: DV = 'x' is not a plain number"),
        ("ID,TIME,DV,AMT\n1,0,.,100 mg\n", "line 2: AMT = '100 mg'.*the unit of a column"),
        ("ID,TIME,DV\n1,0,inf\n", "line 2: DV = inf is not finite"),
        ("ID,TIME,DV,AMT\n1,0,.,-5\n", "line 2: AMT is negative"),
        ("ID,TIME,DV,AMT,EVID\n1,0,.,0,1\n", "line 2: is a dose"),
        ("ID,TIME,DV,AMT,EVID\n1,0,1,10,0\n", "line 2: has an AMT but is no dose"),
        ("ID,TIME,DV,AMT,RATE\n1,0,.,10,-3\n", "line 2: RATE is negative; -1 says"),
        ("ID,TIME,DV,AMT,ADDL\n1,0,.,10,3\n", "line 2: ADDL needs an interval"),
        ("ID,TIME,DV,AMT,SS\n1,0,.,10,1\n", "line 2: SS needs an interval"),
        ("ID,TIME,DV\n1,0,1\n2,0,1\n1,1,1\n", "line 4: patient 1 comes again"),
        ("ID,TIME,DV\n1,0,.\n", "line 2: is an observation without DV"),
        ("ID,TIME\n1,0\n", "column DV is missing"),
        ("ID,TIME,DV,WT\n1,0,1,.\n", "line 2: patient 1 has no value of WT"),
        ("ID,TIME,DV\n1,0\n", "lines 2 do not have the 3 cells"),
        ("ID,TIME,DV,CENS\n1,0,1,2\n", "line 2: CENS must be"),
        ("ID,TIME,DV\n", "holds no records"),
        ("ID,TIME,DV,BLQ\n1,0,0,1\n", "line 2: lies below a limit of 0"),
        ("ID,TIME,DV,CENS\n1,0,.,1\n", "line 2: is censored but has no limit"),
        ("ID,TIME,DV,CENS,LIMIT\n1,0,1,1,2\n", "line 2: LIMIT is the other end"),
        ("ID,TIME,DV,DVID\n1,0,1,1\n1,1,1,2\n", "line 3: DVID tells 1, 2 apart"),
        ("ID,TIME,DV,AMT,SS\n1,0,.,10,3\n", "line 2: SS must be 0, 1 or 2"),
        ("ID,TIME,DV,AMT,RATE,SS,II\n1,0,.,0,10,1,12\n", "line 2: is an infusion that never"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, text, covariates=("WT",) if "WT" in text else ())


def test_all_mistakes_come_in_one_message(tmp_path):
    text = "ID,TIME,DV,EVID\n1,2,1,0\n1,1,1,9\n1,0,.,0\n"
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert str(caught.value).count("line ") >= 4


def test_a_covariate_outside_its_range_warns_with_its_lines(tmp_path):
    text = "ID,TIME,DV,WT\n1,0,1,70\n2,0,1,7\n"
    with pytest.warns(
        ValidityWarning, match="WT lies outside its checked range 40 to 150 in lines 3"
    ):
        data = read(tmp_path, text, covariates=("WT",), ranges={"WT": (40.0, 150.0)})
    assert np.array_equal(data.covariates["WT"], [70.0, 7.0])


def test_one_kind_of_observation_is_chosen(tmp_path):
    text = "ID,TIME,DV,DVID\n1,0,1,1\n1,1,2,2\n1,2,3,1\n"
    assert read(tmp_path, text, dvid=1).is_observed.tolist() == [True, False, True]
    with pytest.raises(InputError, match="no observation has DVID = 3"):
        read(tmp_path, text, dvid=3)
    with pytest.raises(InputError, match="no column DVID"):
        read(tmp_path, "ID,TIME,DV\n1,0,1\n", dvid=1)


def test_a_censored_value_may_lie_in_an_interval(tmp_path):
    data = read(tmp_path, "ID,TIME,DV,CENS,LIMIT\n1,0,0.2,1,0\n1,1,9,-1,.\n1,2,5,0,.\n")
    assert data.limit.tolist() == [0.2, 9.0, 0.0]
    assert data.bound[0] == 0.0
    assert np.isnan(data.bound[1:]).all()
