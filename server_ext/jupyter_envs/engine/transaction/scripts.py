"""Which link scripts a change runs, and when; who runs them is given by the caller (consent is a setting)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from jupyter_envs.engine.link.actions import PackageLinkPlan
from jupyter_envs.engine.link.plan import link_script_path, script_title
from jupyter_envs.engine.models.origins import CONDA, source_of
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.transaction.inputs import Execution
from jupyter_envs.errors import ScriptConsentError


def scripts_for(execution: Execution, kind: str) -> Iterator[tuple[RepodataRecord, Path, str]]:
    """Yield record, script and the package's directory for ``pre-unlink``, ``pre-link`` or ``post-link`` (CEP 34).

    A pre-link script is run from the package, since its files are not linked yet; the others from the prefix.
    """
    if kind == "pre-unlink":
        for record in execution.diff.unlink:
            path = link_script_path(record.name, kind, execution.layout)
            if path in record.files and source_of(record) == CONDA:
                yield record.repodata(), execution.prefix / path, record.extracted_package_dir or ""
        return
    for plan in execution.links:
        path = link_script_path(plan.record.name, kind, execution.layout)
        if path in plan.link_scripts:
            base = Path(plan.manifest.directory) if kind == "pre-link" else execution.prefix
            yield plan.record, base / path, plan.manifest.directory


def check_agreed(links: Iterable[PackageLinkPlan], agreed: Collection[str]) -> None:
    """Raise ``ScriptConsentError`` when packages to be linked bring other scripts than those that were agreed to."""
    found = [script_title(plan.dist, path) for plan in links for path in plan.link_scripts]
    if not set(found) <= set(agreed):
        raise ScriptConsentError(
            f"packages bring scripts that nobody has agreed to: {', '.join(found)}",
            hint="look at the plan again: it names them",
            detail={"link_scripts": found},
        )


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
