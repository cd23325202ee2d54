import csv
import re

import pytest

from pdcraft.app.protocol import Asked, lines
from pdcraft.domain import InputError, PdcraftError
from pdcraft.report.protocol import Calendar, sections
from pdcraft.report.protocol_files import as_html, as_markdown
from pdcraft.report.protocol_phase_two import PHASE_TWO
from pdcraft.study.designs import DESIGNS
from pdcraft.trial import BOIN, Design, Poisson, RollingSix, StopAt

DESIGN = Design((BOIN(0.3), StopAt(12)), 3)
RATES = "0.1,0.3,0.5;0.3,0.5,0.6"


def told(**asked):
    usual = {"name": "boin", "levels": 3, "options": ("--target=0.3", "--patients", "12")}
    return "\n".join(lines(Asked(**(usual | asked))))


def test_a_design_leaves_a_folder_that_a_protocol_can_take_in(tmp_path):
    told(rates=RATES, per_month=2.0, out=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {
        "design.toml", "design.json", "protocol.md", "protocol.html", "protocol.docx",
        "decision_table.csv", "pathways.csv", "characteristics_1.csv", "characteristics_2.csv",
        "schedule.csv",
    } == names  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "decision_table.csv").read_text().splitlines()))
    assert [row["patients at the level"] for row in rows] == ["3", "6", "9", "12"]


@pytest.mark.parametrize("kind", ["toml", "json"])
def test_the_design_file_gives_the_same_folder_again(tmp_path, kind):
    one, other = tmp_path / "one", tmp_path / "other"
    told(rates=RATES, per_month=2.0, min_followup_d=7.0, out=one, method="mc", trials=300, seed=5)
    list(lines(Asked(str(one / f"design.{kind}"), out=other)))
    texts = [path.name for path in one.iterdir() if path.suffix != ".docx"]
    assert len(texts) == 9
    for name in texts:
        assert (one / name).read_text() == (other / name).read_text()
    assert "±" in (one / "characteristics_1.csv").read_text()


def test_the_word_document_holds_every_table(tmp_path):
    docx = pytest.importorskip("docx")
    told(rates=RATES, out=tmp_path)
    document = docx.Document(str(tmp_path / "protocol.docx"))
    made = sections(DESIGN, rates=[[0.1, 0.3, 0.5], [0.3, 0.5, 0.6]])
    assert len(document.tables) == len(made)
    for table, section in zip(document.tables, made, strict=True):
        assert tuple(cell.text for cell in table.rows[0].cells) == section.header
        assert len(table.rows) == 1 + len(section.rows)


def test_every_format_holds_every_cell():
    made = sections(DESIGN, rates=[[0.1, 0.3, 0.5]])
    page, text = as_html(made, title="a < b"), as_markdown(made, title="T")
    assert "a &lt; b" in page and "<script" not in page
    for section in made:
        assert all(f"| {' | '.join(row)} |" in text for row in section.rows)
        assert section.title in page


def test_pathways_show_every_course_of_two_cohorts_with_its_reason():
    (pathways,) = (s for s in sections(DESIGN) if s.key == "pathways")
    assert len(pathways.rows) == 4 + 4 + 4 + 1  # three toxicities at level 1 end the trial
    assert all(len(row) == 4 and row[3] for row in pathways.rows)


def test_the_schedule_waits_only_where_the_design_does():
    calendar = Calendar(Poisson.at(2.0), 28.0)
    (waits,) = (s for s in sections(DESIGN, calendar=calendar) if s.key == "schedule")
    rolling = Design((RollingSix(), StopAt(12)), 3, 1)
    (rolls,) = (s for s in sections(rolling, calendar=calendar) if s.key == "schedule")
    assert float(rolls.rows[-1][-1]) == float(waits.rows[-1][-1]) - 3 * 28
    with pytest.raises(InputError, match="watched"):
        Calendar(Poisson.at(2.0), 0.0)


def test_your_own_decision_table_is_a_design(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("DLT,1,2,3\n0,E,E,E\n1,D,S,S\n2,,D,D\n3,,,DU\n")
    text = told(name=str(file), options=("--patients=3",), outcomes="1NNT")
    assert "S in the decision table" in text
    file.write_text("DLT,1,2,3\n0,E,E,E\n1,D,,S\n2,,D,D\n3,,,DU\n")
    with pytest.raises(InputError, match=r"Cell 1 of 2 \(row 1, column 2\) is empty"):
        told(name=str(file), options=("--patients=3",))
    with pytest.raises(InputError, match="There is no file"):
        told(name="nowhere.toml")


@pytest.mark.parametrize("name", PHASE_TWO)
def test_every_phase_two_design_shows_its_tables_and_comes_back_from_its_file(tmp_path, name):
    one, other = tmp_path / "one", tmp_path / "other"
    options = {"two-stage-toxicity": ("--beta", "0.4", "--most", "25")}.get(name, ())
    first = list(lines(Asked(name, options=options, out=one)))
    again = list(lines(Asked(str(one / "design.json"), out=other)))
    assert first[:-1] == again[:-1]
    for path in one.iterdir():
        if path.suffix != ".docx":
            assert path.read_bytes() == (other / path.name).read_bytes()


def test_the_list_names_every_design_and_what_may_be_chosen():
    text = "\n".join(lines(Asked(None)))
    for name in (*DESIGNS, *PHASE_TWO):
        assert f"  {name} " in text
    assert "--too-toxic" in text and "--p0" in text


def test_boin12_shows_efficacy_and_needs_its_rates():
    options = ("--target", "0.35", "--patients", "12")
    asked = {"name": "boin12", "options": options, "rates": "0.1,0.2,0.5", "trials": 200}
    text = told(**asked, efficacy="0.1,0.4,0.4")
    assert "with efficacy" in text and "±" in text
    with pytest.raises(InputError, match="Add --efficacy with one true rate"):
        told(**asked)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--too-toxc", "0.9"), "Did you mean '--too-toxic'"),
        (("--target", "1.5"), "target = 1.5 must lie between 0 and 1"),
        (("--target", "x"), "--target 'x' is not readable. Give a number"),
        (("--target",), "--target needs a value"),
        (("--cap", "kidneys 3"), "'red marrow: 0.8,1.1,1.5 <= 2.0'"),
        (("surplus",), "'surplus' is not expected here"),
    ],
)
def test_an_option_that_cannot_be_is_explained(options, says):
    with pytest.raises(PdcraftError, match=re.escape(says)):
        told(options=options)


def test_a_design_that_seeks_no_rate_has_no_target():
    with pytest.raises(PdcraftError, match=r"'3\+3': option '--target' is not known"):
        told(name="3+3", options=("--target", "0.3"))
