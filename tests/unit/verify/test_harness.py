"""Cases in, rows out: what is judged how, and what cannot slip through."""

from __future__ import annotations

import json
import math

import pytest

from pdcraft.domain import InputError, MissingError
from pdcraft.verify import KINDS, main, run, write_html, write_json
from pdcraft.verify.harness import VERIFICATION, cases

CASE = """
claim = "One and one"
kind = "{kind}"
covers = ["arithmetic.add"]
source = "somebody1999"
where = "Table 2"
errata = "{errata}"

[tolerance]
{tolerance}
because = "it is a test"
"""


@pytest.fixture
def make(tmp_path):
    """A function that writes one case and gives the rows of its folder."""

    def written(
        compute,
        reference="sum,1,2.0",
        tolerance="relative = 1e-3",
        *,
        kind="closed form",
        head="quantity,unit,reference",
        room="arithmetic",
        name="adding",
        errata="",
    ):
        folder = tmp_path / room / name
        folder.mkdir(parents=True)
        toml = CASE.format(kind=kind, tolerance=tolerance, errata=errata)
        (folder / "case.toml").write_text(toml)
        (folder / "reference.csv").write_text(f"{head}\n{reference}\n")
        (folder / "compute.py").write_text(compute)
        return run(folder=tmp_path)

    return written


def giving(text):
    return f"def compute():\n    return {text}\n"


@pytest.mark.parametrize(
    ("computed", "tolerance", "status"),
    [
        ("2.001", "relative = 1e-3", "pass"),
        ("2.003", "relative = 1e-3", "fail"),
        ("1.997", "relative = 1e-3", "fail"),
        ("2.003", "absolute = 0.01", "pass"),
        ("2.03", "absolute = 0.01", "fail"),
        ("2.003", "absolute = 1e-6\nrelative = 2e-3", "pass"),  # the wider one counts
        ("2.003", "absolute = 0.01\nrelative = 1e-9", "pass"),
        ("2.03", "absolute = 0.01\nrelative = 1e-3", "fail"),
        ("(2.2, 0.1)", "z = 3", "pass"),
        ("(2.4, 0.1)", "z = 3", "fail"),
    ],
)
def test_a_number_is_judged_by_the_rule_of_its_case(make, computed, tolerance, status):
    (row,) = make(giving(f"{{'sum': {computed}}}"), tolerance=tolerance)
    assert row.status == status
    assert (row.deviation <= row.allowed) == (status == "pass")


def test_the_row_says_all_that_a_reader_needs(make):
    (row,) = make(giving("{'sum': 2.001}"), errata="Table 2 prints 3.")
    assert (row.room, row.case, row.quantity, row.unit) == ("arithmetic", "adding", "sum", "1")
    assert (row.reference, row.computed, row.allowed, row.rule) == (2.0, 2.001, 1e-3, "relative")
    assert row.deviation == pytest.approx(5e-4)
    assert (row.source, row.where, row.kind) == ("somebody1999", "Table 2", "closed form")
    assert (row.claim, row.covers) == ("One and one", ("arithmetic.add",))
    assert (row.because, row.errata) == ("it is a test", "Table 2 prints 3.")


def test_a_row_may_have_its_own_tolerance(make):
    rows = make(
        giving("{'a': 2.1, 'b': 2.1}"),
        "a,1,2.0,0.1\nb,1,2.0,",
        head="quantity,unit,reference,allowed",
    )
    assert [row.status for row in rows] == ["pass", "fail"]


def test_standard_deviations_of_print_and_computation_add_up(make):
    (row,) = make(
        giving("{'sum': (2.5, 0.3)}"),
        "sum,1,2.0,0.4",
        "z = 3",
        head="quantity,unit,reference,sigma",
    )
    assert row.deviation == pytest.approx(0.5 / math.hypot(0.3, 0.4))


def test_rule_z_without_a_standard_deviation_fails(make):
    (row,) = make(giving("{'sum': 2.0}"), tolerance="z = 3")
    assert row.status == "fail"
    assert "standard deviation" in row.reason


def test_a_reference_of_zero_needs_an_absolute_tolerance(make):
    (row,) = make(giving("{'sum': 0.0}"), "sum,1,0.0")
    assert row.status == "fail"
    assert "absolute" in row.reason


@pytest.mark.parametrize("computed", ["float('nan')", "float('inf')"])
@pytest.mark.parametrize("tolerance", ["relative = 1e-3", "absolute = 1.0"])
def test_what_is_no_finite_number_fails(make, computed, tolerance):
    (row,) = make(giving(f"{{'sum': {computed}}}"), tolerance=tolerance)
    assert (row.status, row.computed) == ("fail", None)


def test_a_number_that_is_not_computed_fails(make):
    rows = make(giving("{'sum': 2.0}"), "sum,1,2.0\nproduct,1,1.0")
    assert [row.status for row in rows] == ["pass", "fail"]
    assert rows[1].reason == "'product' is not computed"


def test_a_number_that_is_not_in_print_fails(make):
    rows = make(giving("{'sum': 2.0, 'product': 1.0}"))
    assert [row.status for row in rows] == ["pass", "fail"]
    assert rows[1].reason == "'product' is not in reference.csv"


def test_a_missing_package_is_not_run(make):
    rows = make("import no_such_package\n" + giving("{}"), "sum,1,2.0\nproduct,1,1.0")
    assert [row.status for row in rows] == ["not run", "not run"]
    assert "no_such_package" in rows[0].reason


@pytest.mark.parametrize(
    "line", ["from pdcraft.domain import Nonsense", "import pdcraft.no_such_room"]
)
def test_a_missing_part_of_pdcraft_is_a_failure(make, line):
    (row,) = make(f"{line}\n" + giving("{'sum': 2.0}"))
    assert row.status == "fail"
    assert "pdcraft" in row.reason


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        ("def compute():\n    return {'sum': 1 / 0}\n", "ZeroDivisionError"),
        ("def compute():\n    return {'sum': 'two'}\n", "ValueError"),
        ("def compute():\n    return [2.0]\n", "AttributeError"),
        ("def compote():\n    return {}\n", "AttributeError"),
        ("def compute(:\n", "SyntaxError"),
    ],
)
def test_a_case_that_breaks_fails_and_does_not_stop_the_others(make, compute, reason):
    make(compute)
    rows = make(giving("{'sum': 2.0}"), name="later")
    assert [row.status for row in rows] == ["fail", "pass"]
    assert reason in rows[0].reason


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kind": "hearsay"}, "must be one of closed form"),
        ({"tolerance": "relativ = 1e-3"}, "relative, absolute or z"),
        ({"tolerance": ""}, "relative, absolute or z"),
        ({"head": "quantity,reference"}, "quantity, unit and reference"),
    ],
)
def test_a_case_that_is_not_laid_out_is_refused(make, changed, says):
    with pytest.raises(InputError, match=f"arithmetic/adding.*{says}"):
        make(giving("{'sum': 2.0}"), **changed)


def test_a_case_must_state_its_source(tmp_path):
    folder = tmp_path / "arithmetic" / "adding"
    folder.mkdir(parents=True)
    text = CASE.format(kind="closed form", tolerance="z = 3", errata="")
    (folder / "case.toml").write_text(text.replace('source = "somebody1999"\n', ""))
    with pytest.raises(InputError, match="lacks source"):
        run(folder=tmp_path)


def test_an_unknown_room_lists_the_known():
    with pytest.raises(MissingError, match=r"Room 'decy' is not known. Did you mean 'decay'"):
        cases("decy")


def test_every_kind_of_evidence_is_known():
    assert all(case.kind in KINDS for case in cases())
    assert "measurement" not in VERIFICATION


def test_json_holds_the_rows_and_no_nan(make, tmp_path):
    rows = make(giving("{'sum': float('nan'), 'product': 1.0}"))
    write_json(rows, tmp_path / "rows.json")
    text = (tmp_path / "rows.json").read_text()
    assert "NaN" not in text
    listed = json.loads(text)
    assert [row["computed"] for row in listed] == [None, None]
    wanted = {"case", "room", "quantity", "reference", "computed", "deviation", "allowed"}
    assert wanted | {"status", "source", "where", "kind", "unit"} <= set(listed[0])


def test_the_page_says_the_verdict_first_and_keeps_measurements_apart(make, tmp_path):
    make(giving("{'sum': 2.0}"), errata="Table 2 prints <3>.")
    make(giving("{'sum': 2.0}"), kind="measurement", name="counting")
    rows = make(giving("{'sum': 2.0}"), kind="calibration target", name="fitting")
    write_html(rows, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    verdict = page.index("Verification: 1 number in 1 case, 1 agree, 0 miss")
    apart = page.index("<h2>Not independent verification</h2>")
    assert verdict < page.index("arithmetic/adding") < apart
    assert apart < page.index("arithmetic/counting") < page.index("arithmetic/fitting")
    assert "it is a test" in page
    assert "prints &lt;3&gt;." in page
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page.replace("http-equiv", "")  # nothing is fetched


def test_the_page_marks_what_only_a_calibration_covers(make, tmp_path):
    rows = make(giving("{'sum': 2.0}"), kind="calibration target")
    write_html(rows, tmp_path / "page.html")
    assert "no independent verification" in (tmp_path / "page.html").read_text()


def test_the_page_is_the_same_for_the_same_rows(make, tmp_path):
    rows = make(giving("{'sum': 2.0}"))
    write_html(rows, tmp_path / "one.html")
    write_html(rows, tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def said_by_main(monkeypatch, rows, **files):
    monkeypatch.setattr("pdcraft.verify.page.run", lambda room: rows)
    lines = []
    code = main(None, files.get("json"), files.get("html"), lines.append)
    return code, lines


def test_the_command_names_every_miss_and_exits_with_one(make, monkeypatch):
    rows = make(giving("{'sum': 3.0}"))
    code, lines = said_by_main(monkeypatch, rows)
    assert code == 1
    assert any("arithmetic/adding, sum: 3 instead of 2;" in line for line in lines)
    assert lines[-1].startswith("Verification: 1 number in 1 case, 0 agree, 1 miss")


def test_the_command_exits_with_zero_if_all_agree_or_are_not_run(make, monkeypatch, tmp_path):
    make("import no_such_package\n" + giving("{}"), name="elsewhere")
    rows = make(giving("{'sum': 2.0}"))
    files = {"json": tmp_path / "rows.json", "html": tmp_path / "page.html"}
    code, lines = said_by_main(monkeypatch, rows, **files)
    assert code == 0
    assert all(path.is_file() for path in files.values())
    assert sum("no_such_package" in line for line in lines) == 1
