import pytest

from pdcraft.domain import InputError, MissingError
from pdcraft.trial import (
    BLRM,
    BOIN,
    BOIN12,
    CRM,
    MTPI,
    MTPI2,
    TITEBOIN,
    TITECRM,
    AcceleratedTitration,
    AdaptiveWeights,
    BivariateNormal,
    Coherent,
    DecisionTable,
    Design,
    DoseCap,
    FixedIntercept,
    I3Plus3,
    Keyboard,
    NoSkipping,
    OneLevelUp,
    RollingSix,
    StopAt,
    StopAtLevel,
    StopWhenPrecise,
    StopWhenTooToxic,
    ThreePlusThree,
    Utilities,
)

CRM_3 = CRM(0.25, (0.1, 0.25, 0.4), estimator="posterior mean", model=FixedIntercept(3.0))
RULES = [
    (ThreePlusThree("B"),),
    (RollingSix(),),
    (AcceleratedTitration(), BOIN(0.30, p_safe=0.1), StopAt(30)),
    (Keyboard(0.25), StopWhenTooToxic(0.25, 0.9), StopAtLevel(12)),
    (MTPI(0.3), StopWhenPrecise(0.2, 0.4, 0.9)),
    (MTPI2(0.3), NoSkipping()),
    (I3Plus3(0.3, 0.25, 0.35), DoseCap("kidneys", (1.0, 2.5, 3.0), 23.0)),
    (DecisionTable(0.3, (("E", "D"), ("E", "S", "DU"))), StopAt(2)),
    (CRM_3, OneLevelUp(), Coherent(0.25)),
    (TITECRM(CRM_3, window_h=1344.0, weights=AdaptiveWeights()), StopAt(24)),
    (BOIN12(0.35, 0.25, Utilities(60.0, 40.0)), StopAt(36)),
    (TITEBOIN(BOIN(0.25), window_h=672.0), StopAt(24)),
    (BLRM((1.0, 2.0, 4.0), 4.0, BivariateNormal(-1.0, 0.0, sd_log_alpha=2.0, sd_log_beta=1.0),
          0.16, 0.33, 0.25), StopAt(24)),
]  # fmt: skip


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: type(rules[0]).__name__)
def test_a_design_comes_back_from_its_file(rules):
    design = Design(rules, 3, 1 if isinstance(rules[0], RollingSix) else 3)
    for text in (design.to_toml(), design.to_json()):
        again = Design.from_file(text)
        assert again == design
        assert again.to_toml() == design.to_toml()


def test_the_file_reproduces_every_number():
    design = Design((BOIN(0.30), StopAt(18)), 3)
    again, p = Design.from_file(design.to_json()), (0.1, 0.3, 0.5)
    one, other = design.operating_characteristics(p), again.operating_characteristics(p)
    assert one.selected.tolist() == other.selected.tolist()


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("levels = ", InputError, "not readable"),
        ('{"levels": ', InputError, "not readable"),
        ("levels = 3", InputError, r"\[\[rule\]\]"),
        ('levels = 3\n[[rule]]\nkind = "BOINN"', MissingError, "Did you mean 'BOIN'"),
        ('levels = 3\n[[rule]]\nkind = "BOIN"', InputError, "lacks target"),
        ('levels = 3\n[[rule]]\nkind = "BOIN"\ntarget = 0.3\nx = 1', InputError, "unknown x"),
        ('levels = 3\n[[rule]]\nkind = "BOIN"\ntarget = 3', InputError, "between 0 and 1"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text, error, says):
    with pytest.raises(error, match=says):
        Design.from_file(text)
