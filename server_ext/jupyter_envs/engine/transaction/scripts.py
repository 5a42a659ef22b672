"""Which link scripts a change runs, and when; who runs them is given by the caller (consent is a setting)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_envs.engine.link.plan import link_script_path
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.transaction.inputs import Execution


def scripts_for(execution: Execution, kind: str) -> Iterator[tuple[RepodataRecord, Path, str]]:
    """Yield record, script and the package's directory for ``pre-unlink``, ``pre-link`` or ``post-link`` (CEP 34).

    A pre-link script is run from the package, since its files are not linked yet; the others from the prefix.
    """
    if kind == "pre-unlink":
        for record in execution.diff.unlink:
            path = link_script_path(record.name, kind, execution.layout)
            if path in record.files:
                yield record.repodata(), execution.prefix / path, record.extracted_package_dir or ""
        return
    for plan in execution.links:
        path = link_script_path(plan.record.name, kind, execution.layout)
        if path in plan.link_scripts:
            base = Path(plan.manifest.directory) if kind == "pre-link" else execution.prefix
            yield plan.record, base / path, plan.manifest.directory


def has_scripts(execution: Execution) -> bool:
    """Tell whether linking runs any script."""
    return execution.run_script is not None and any(plan.link_scripts for plan in execution.links)


def run_scripts(execution: Execution, kind: str) -> list[str]:
    """Run the scripts of one kind in order and return what they have to say to the person."""
    if execution.run_script is None:
        return []
    messages = []
    for record, script, source in scripts_for(execution, kind):
        execution.cancel.check()
        messages.append(execution.run_script(record, kind, script, source))
    return [message for message in messages if message]
