import csv

import pytest

from pdcraft.domain import InputError, MissingError
from pdcraft.library.epidemiology import (
    MEASURES,
    figure,
    figures,
    orphan_check,
    read_seerstat,
)
from pdcraft.library.read import read_rows


def test_the_company_statement_rests_on_the_figures_of_2012_and_2016():
    assert round(figure("multiple_myeloma", "living", 2012).persons, -4) == 90_000
    assert round(figure("multiple_myeloma", "new_cases", 2016).persons, -4) == 30_000


def test_men_and_women_add_up_to_all():
    rows = [r for r in read_rows("epidemiology/figures.csv") if r["men"]]
    assert len(rows) > 8
    for r in rows:  # the issuers round each number to ten
        assert abs(int(r["men"]) + int(r["women"]) - int(r["persons"])) <= 10


def test_every_figure_has_a_source_and_a_place():
    for f in figures():
        assert f.measure in MEASURES and f.persons > 0 and f.source.where


def test_myeloma_is_below_the_orphan_limit_and_all_lymphoma_together_is_not():
    assert orphan_check("multiple_myeloma").below
    assert orphan_check("multiple_myeloma").figure.year == 2020
    assert not orphan_check("non_hodgkin_lymphoma").below
    assert orphan_check("multiple_myeloma").limit == 200_000


@pytest.mark.parametrize("by", ["\t", ",", ";", "   "])
@pytest.mark.parametrize("quoted", [True, False])
def test_an_export_is_read_in_every_dialect(by, quoted):
    table = [
        ["Year of diagnosis", "Crude Rate", "Count", "Population"],
        ["2014-2015", "7.1", "12000", "168000000"],
        ["2014", "7.0", "5900", "84000000"],
        ["2015", "7.3", "6100", "84000000"],
    ]
    text = "\ufeff" + "\r\n".join(by.join(f'"{c}"' if quoted else c for c in row) for row in table)
    if by == "   ":
        text = text.replace("Year of diagnosis", "Year of diagnosis")
    found = read_seerstat(text)
    assert [(f.year, f.cases, f.population) for f in found] == [
        (2014, 5900, 84_000_000), (2015, 6100, 84_000_000),
    ]  # fmt: skip


def test_a_case_listing_is_counted_by_year():
    text = "Patient ID,Year of diagnosis,Sex\n1,2015,Male\n2,2015,Female\n3,2016,Male\n"
    assert [(f.year, f.cases) for f in read_seerstat(text)] == [(2015, 2), (2016, 1)]
    assert read_seerstat(text)[0].per_100_000 is None


def test_thousands_separators_are_read():
    text = 'Year,Count\n2015,"6,132"\n'
    assert read_seerstat(text)[0].cases == int(next(csv.reader(['"6,132"']))[0].replace(",", ""))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no year"),
        ("2015\t6100\n", "Output variable names before data"),
        ("Year\tCount\n2015\t^\n", "suppressed"),
        ("Year\tCount\n2015\tmany\n", "where a count is expected"),
        ("Year\tCount\n2000-2015\t9\n", "single year"),
    ],
)
def test_an_export_that_cannot_be_read_says_how_to_export(text, says):
    with pytest.raises(InputError, match=says):
        read_seerstat(text)


def test_an_unknown_disease_or_year_lists_the_known():
    with pytest.raises(MissingError, match="multiple_myeloma"):
        figures("myeloma")
    with pytest.raises(MissingError, match="2016"):
        figure("multiple_myeloma", "new_cases", 2015)
    with pytest.raises(MissingError, match="Measure"):
        figure("waldenstrom_macroglobulinemia", "living")
