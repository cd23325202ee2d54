"""Whose a results folder is: a run claims it, goes on with it, or leaves it alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from pdcraft.domain import InputError
from pdcraft.study import shards
from pdcraft.study.prepare import Prepared


def sha256(content: bytes) -> str:
    """Hash of a content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def numbers_sha256(prepared: Prepared) -> str:
    """Hash of every parameter and of the arrays of agent and engine."""
    every = sorted((*prepared.parameters.values(), *prepared.engine_parameters.values()),
                   key=lambda p: p.name)  # fmt: skip
    agent, engine = prepared.plan.agent, prepared.plan.engine
    arrays = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves((agent, engine))]
    return sha256(repr(every).encode() + b"".join(arrays))


def claimed(folder: Path, claim: dict[str, Any], *, resume: bool) -> bool:
    """Check the folder; True if this very run is already complete in it."""
    manifest = folder / "manifest.json"
    if not folder.exists() or not any(folder.iterdir()):
        shards.write_whole(manifest, as_json({**claim, "complete": False}))
        return False
    if not manifest.exists():
        raise InputError(
            f"{folder} exists and holds no pdcraft results. Choose another folder with --out."
        )
    found = _read_manifest(manifest)
    other = [k for k in claim if found.get(k) != claim[k]]
    if other:
        said = "; ".join(
            f"{k} is {_short(found.get(k))} there and {_short(claim[k])} here" for k in other
        )
        raise InputError(
            f"{folder} holds results of another study or version: {said}. "
            "Choose another folder with --out; nothing was overwritten."
        )
    if not resume:
        state = "complete" if found.get("complete") else "begun"
        raise InputError(
            f"{folder} already holds this study, {state}. Go on with --resume, or choose another "
            "folder with --out."
        )
    for half in folder.rglob("*.half"):
        half.unlink()
    return bool(found.get("complete"))


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not readable ({error}). Choose another --out.") from error


def _short(value: object) -> str:
    text = str(value)
    return text[:8] + "…" if len(text) == 64 else text


def as_json(content: dict[str, Any]) -> bytes:
    """Bytes of a manifest."""
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
