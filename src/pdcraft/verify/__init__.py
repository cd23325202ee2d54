"""What others published, recomputed: the room that says how far pdcraft can be trusted.

In: the cases under ``cases/<room>/<case>/``, each a claim with its source and tolerance
(case.toml), numbers as printed (reference.csv), and a few lines that recompute them (compute.py).
Out: one `Row` for every number, with its deviation and a verdict. `run` gives the rows,
`write_json` and `write_html` the report, `main` is the command ``pdcraft verify``.
The test suite and the report read the same rows, so they cannot disagree. The cases are part of the
package: a site commissions the software on its own machine.
Read first `harness.py`; how to add a case: docs/verification/README.md.
"""

from pdcraft.verify.harness import KINDS, Row, run
from pdcraft.verify.page import main, write_html, write_json

__all__ = ["KINDS", "Row", "main", "run", "write_html", "write_json"]
