import pytest

from pdcraft.domain import InputError
from pdcraft.trial import BOIN, DecisionTable, Design, StopAt, operating_characteristics

TEXT = "DLT,1,2,3\n0,E,E,E\n1,D,S,S\n2,,D,D\n3,,,DU\n"


def as_text(rule, most):
    """The table of a design, written as a protocol would print it."""
    short = {"escalate": "E", "stay": "S", "de-escalate": "D"}
    lines = ["DLT," + ",".join(str(n) for n in range(1, most + 1))]
    for dlt in range(most + 1):
        cells = []
        for n in range(1, most + 1):
            closed = rule.eliminate_at(n)
            word = "" if dlt > n else short[rule.verdict(n, dlt).decision]
            cells.append("DU" if word and closed is not None and dlt >= closed else word)
        lines.append(f"{dlt}," + ",".join(cells))
    return "\n".join(lines)


def test_the_table_of_boin_is_boin():
    table = DecisionTable.read(as_text(BOIN(0.30), 12), target=0.30)
    p = [0.1, 0.3, 0.5]
    mine = operating_characteristics(Design((table, StopAt(12)), 3), p)
    boin = operating_characteristics(Design((BOIN(0.30), StopAt(12)), 3), p)
    assert mine.selected == pytest.approx(boin.selected, rel=1e-12)
    assert mine.patients == pytest.approx(boin.patients, rel=1e-12)


def test_a_cell_du_closes_the_level_and_says_so():
    advice = Design((DecisionTable.read(TEXT, target=0.3),), 3).advise("1NNN 2TTT")
    assert (advice.next_level, advice.ceiling) == (1, 1)
    assert "DU in the decision table, so level 2 and higher are closed" in advice.reason


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2,,D,D", "2,,D,", r"Cell 2 of 3 \(row 2, column 3\) is empty"),
        ("3,,,DU", "", r"Cell 3 of 3 \(row 3, column 3\) is empty"),
        ("1,D,S,S", "1,D,X,S", "Cell 1 of 2 .* holds 'X'"),
        ("1,D,S,S", "1,D,S", r"Cell 1 of 3 .* is empty"),
        ("2,,D,D", "2,D,D,D", "1 patients cannot have 2 toxicities"),
        ("DLT,1,2,3", "DLT,1,3,3", "column headed '3' must be headed 2"),
        ("1,D,S,S", "2,D,S,S", "row headed '2' must be headed 1"),
        ("1,D,S,S", "1,D,D,D", None),
        ("2,,D,D", "2,,D,E", "Cell 2 of 3 is E, but 1 of 3 is S"),
    ],
)
def test_a_hole_or_a_wrong_cell_is_named(old, new, says):
    text = TEXT.replace(old, new)
    assert text != TEXT
    if says is None:
        assert DecisionTable.read(text, target=0.3).verdict(3, 1).decision == "de-escalate"
        return
    with pytest.raises(InputError, match=says):
        DecisionTable.read(text, target=0.3)


def test_no_table_and_no_target_are_refused():
    for text in ("", "DLT,1"):
        with pytest.raises(InputError, match="first row with numbers of patients"):
            DecisionTable.read(text, target=0.3)
    with pytest.raises(InputError, match="target = 30"):
        DecisionTable.read(TEXT, target=30)
    with pytest.raises(InputError, match="no column"):
        DecisionTable(0.3, ())
    with pytest.raises(InputError, match="holds 1 decisions; 2 are needed"):
        DecisionTable(0.3, (("E",),))


def test_a_level_with_more_patients_than_the_table_is_refused():
    with pytest.raises(InputError, match="ends at 3 patients; a level has 6"):
        Design((DecisionTable.read(TEXT, target=0.3),), 3).advise("1NNT 1NNN")
