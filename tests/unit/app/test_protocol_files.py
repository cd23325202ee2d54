import csv

import pytest

from pdcraft.app.protocol import Asked, lines
from pdcraft.domain import InputError
from pdcraft.report.protocol import Calendar, sections
from pdcraft.report.protocol_files import as_html, as_markdown
from pdcraft.trial import BOIN, Design, Poisson, RollingSix, StopAt

DESIGN = Design((BOIN(0.3), StopAt(12)), 3)
RATES = "0.1,0.3,0.5;0.3,0.5,0.6"


def told(**asked):
    return "\n".join(lines(Asked(**({"name": "boin", "levels": 3, "patients": 12} | asked))))


def test_a_design_leaves_a_folder_that_a_protocol_can_take_in(tmp_path):
    told(rates=RATES, per_month=2.0, out=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {
        "design.toml", "protocol.md", "protocol.html", "protocol.docx", "decision_table.csv",
        "pathways.csv", "characteristics_1.csv", "characteristics_2.csv", "schedule.csv",
    } == names  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "decision_table.csv").read_text().splitlines()))
    assert [row["patients at the level"] for row in rows] == ["3", "6", "9", "12"]


def test_the_design_file_gives_the_same_folder_again(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    told(rates=RATES, per_month=2.0, out=one, method="mc", trials=300, seed=5)
    list(lines(Asked(str(one / "design.toml"), out=other)))
    texts = [path.name for path in one.iterdir() if path.suffix != ".docx"]
    assert len(texts) == 8
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
    text = told(name=str(file), patients=3, outcomes="1NNT")
    assert "S in the decision table" in text
    file.write_text("DLT,1,2,3\n0,E,E,E\n1,D,,S\n2,,D,D\n3,,,DU\n")
    with pytest.raises(InputError, match=r"Cell 1 of 2 \(row 1, column 2\) is empty"):
        told(name=str(file), patients=3)
    with pytest.raises(InputError, match="There is no file"):
        told(name="nowhere.toml")
