import pytest

from pdcraft.domain import InputError
from pdcraft.trial import Criterion, Funnel, Poisson


def test_criteria_thin_out_one_after_another():
    funnel = Funnel(1000.0, (Criterion("a", 0.5), Criterion("b", 0.2)))
    assert [(s.name, s.persons) for s in funnel.steps] == [("a", 500), ("b", 100)]
    assert funnel.eligible_per_year == 100 and Funnel(7.0).eligible_per_year == 7
    assert funnel.share_enrolled(Poisson.at(1.0, sites=2)) == pytest.approx(0.24)


def test_a_trial_cannot_enrol_more_than_there_are():
    with pytest.raises(InputError, match="only 7 are eligible"):
        Funnel(7.0).share_enrolled(Poisson.at(1.0))
    with pytest.raises(InputError, match="nobody meets"):
        Criterion("a", 0.0)
    with pytest.raises(InputError, match="greater than 0"):
        Funnel(0.0)
