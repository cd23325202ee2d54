"""What ``pdcraft dose`` says of mistakes, without the cost of a process."""

import pytest

from pdcraft.app.dose import doses
from pdcraft.domain import InputError, MissingError, ValidityWarning


@pytest.mark.parametrize(
    ("tia", "mass", "kind", "told"),
    [
        (["livr=1"], [], MissingError, "Did you mean 'liver'"),
        (["liver=-1"], [], InputError, r"'liver' is \[-1.0\] MBq h; it must be finite"),
        (["liver=nan"], [], InputError, "'liver' is"),
        (["lesion 1=1"], [], InputError, "'lesion 1' has no mass. Give it, in g"),
        (["liver=1"], ["kidneys=0"], InputError, "'kidneys' is 0 g"),
        (["liver=1"], ["kidny=300"], MissingError, "Did you mean 'kidneys'"),
        (["tumour=1"], [], InputError, "no volume"),
        (["liver"], [], InputError, "Write it as liver=3.2"),
        ([], [], InputError, "Give activities"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(tia, mass, kind, told):
    with pytest.raises(kind, match=told):
        doses(nuclide="Lu-177", phantom="age_5", tia=tia, file=None, mass=mass)


def test_a_mass_far_from_the_reference_warns():
    with pytest.warns(ValidityWarning, match="from half to twice"):
        doses(nuclide="Lu-177", phantom="age_5", tia=["liver=1"], file=None, mass=["liver=5000"])
