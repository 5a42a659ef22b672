"""The record of a linked package: ``conda-meta/<dist>.json`` as CEP 32 has it and conda, mamba and pixi read it (pure).

Fields that other readers require are always written, absent values never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from jupyter_envs.engine.link.actions import COPY, HARD_LINK, SOFT_LINK, FileAction, PackageLinkPlan, WriteResult
from jupyter_envs.engine.models.records import RepodataRecord

_ARCHIVES = (".conda", ".tar.bz2", ".whl")
_ENCODER = msgspec.json.Encoder()


class _Path(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One entry of ``paths_data``; positional, because there are tens of thousands."""

    path: str = msgspec.field(name="_path")
    path_type: str
    sha256: str | None = None
    sha256_in_prefix: str | None = None
    size_in_bytes: int | None = None
    prefix_placeholder: str | None = None
    file_mode: str | None = None
    no_link: bool | None = None


def prefix_record_json(
    plan: PackageLinkPlan,
    result: WriteResult,
    *,
    requested_specs: Sequence[str] = (),
    link_type: int | None = None,
) -> bytes:
    """Return the record's JSON.

    Parameters
    ----------
    plan : PackageLinkPlan
        As it was written.
    result : WriteResult
        Of the write; digests of patched and generated files come from it.
    requested_specs : sequence of str
        What the person asked for, empty for a dependency.
    link_type : int, optional
        1 hard link, 2 soft link, 3 copy; from the result when not given.
    """
    paths = recorded_paths(plan, result)
    record = msgspec.to_builtins(plan.record)
    record.setdefault("build_number", 0)
    record.setdefault("build", "")
    record.setdefault("subdir", "noarch")
    record.setdefault("depends", [])
    record.setdefault("constrains", [])
    record["fn"] = archive_name(plan.record)
    kind = link_type or result.methods.get(plan.dist, HARD_LINK)
    record["extracted_package_dir"] = plan.manifest.directory
    record["files"] = [path.path for path in paths]
    record["link"] = {"source": plan.manifest.directory, "type": kind if kind in (HARD_LINK, SOFT_LINK, COPY) else COPY}
    record["paths_data"] = {"paths": paths, "paths_version": 1}
    if requested_specs:
        record["requested_spec"] = requested_specs[0]
        record["requested_specs"] = list(requested_specs)
    return _ENCODER.encode(record)


def archive_name(record: RepodataRecord) -> str:
    """Return the record's ``fn`` in a spelling that rattler's reader takes: it refuses names of no known archive."""
    return record.fn if record.fn.endswith(_ARCHIVES) else f"{record.dist}.conda"


def recorded_paths(plan: PackageLinkPlan, result: WriteResult) -> list[_Path]:
    """Return all paths of the package, what it lost to others included, without directories made for them."""
    paths = [
        _Path(target, "hardlink", entry.sha256, entry.sha256, entry.size_in_bytes)
        for target, entry in zip(plan.targets, plan.entries, strict=True)
    ]
    paths += [_Path(target, "pyc_file") for target in plan.pyc_targets]
    paths += _special(plan.actions, result)
    paths += [_special_path(action, action.sha256) for action in plan.lost]
    return paths


def _special(actions: Sequence[FileAction], result: WriteResult) -> Iterator[_Path]:
    for action in actions:
        yield _special_path(action, result.written.get(action.path, action.sha256))


def _special_path(action: FileAction, in_prefix: str | None) -> _Path:
    """Return the entry of one path that is not a plain link."""
    mode = {"patch_text": "text", "patch_binary": "binary"}.get(action.kind)
    return _Path(
        action.path,
        action.path_type,
        action.sha256 or (in_prefix if action.kind == "generate" else None),
        in_prefix,
        action.size,
        action.placeholder or None,
        mode,
        True if action.kind == "copy" else None,
    )
