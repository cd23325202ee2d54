"""Shared by all tests: 64-bit numbers, and small studies that compile once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Programs that one test compiled serve the others, in every process; read before JAX starts.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent.parent / ".pytest_cache" / "jax")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")

import pdcraft  # noqa: F401  (sets 64-bit before JAX is used)

# Laws are explored anew in every run; a failure prints what brings it back.
settings.register_profile("pdcraft", deadline=None, print_blob=True)
settings.load_profile("pdcraft")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def example() -> Path:
    return ROOT / "examples" / "clr131_myeloma_phase1.toml"


@pytest.fixture(scope="session")
def prepared(example):
    from pdcraft.study import prepare, read_study

    return prepare(read_study(example))


@pytest.fixture(scope="session")
def man(prepared):
    """The reference man without myeloma."""
    from pdcraft.study import reference_patient

    return reference_patient(prepared)
