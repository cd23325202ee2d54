"""The table of the keyboard design, written as text and read back."""

from pdcraft.trial import DecisionTable, Design, Keyboard, StopAt, operating_characteristics

SHORT = {"escalate": "E", "stay": "S", "de-escalate": "D"}


def compute() -> dict[str, float]:
    rule, sizes = Keyboard(0.30), range(1, 31)
    lines = ["DLT," + ",".join(map(str, sizes))]
    for y in range(31):
        cells = [SHORT[rule.verdict(n, y).decision] if y <= n else "" for n in sizes]
        closed = [rule.eliminate_at(n) or 99 for n in sizes]
        du = ["DU" if cell and y >= c else cell for cell, c in zip(cells, closed, strict=True)]
        lines.append(f"{y}," + ",".join(du))
    table = DecisionTable.read("\n".join(lines), target=0.30)
    p = (0.05, 0.15, 0.30, 0.45, 0.60)
    oc = operating_characteristics(Design((table, StopAt(30)), 5), p)
    found = {"S1 none selected": oc.none, "S1 patients": oc.patients.sum()}
    for j in range(5):
        found[f"S1 selected {j + 1}"] = oc.selected[j]
        found[f"S1 patients {j + 1}"] = oc.patients[j]
        found[f"S1 DLT {j + 1}"] = oc.dlt[j]
    return found
