"""What a bundle says of itself to whoever opens its folder. Pure."""

from __future__ import annotations

from jupyter_envs.bundles.models import Bundle
from jupyter_envs.engine.models.origins import is_interpreter

_TEXT = """\
# Environments that need no network

Made by `jupyter envs bundle`. With this folder on another machine, and jupyter-envs there:

    jupyter envs create {name} --from-bundle THIS_FOLDER

{rows}

- `bundle.json` names every package with its digest; nothing is taken whose sha256 is another.
- `channel/` is a conda channel and `wheels/` a folder of wheels, for other tools too: `conda create -c ./channel
  --override-channels --offline …`, `pip install --no-index --find-links wheels …`.
{borrowed}"""
_BORROWED = """\
- A Python that an environment borrows from its machine is not in here. The same minor version has to be installed
  there: {pythons}.
"""


def readme_text(bundle: Bundle) -> str:
    """Return the text of ``README.md``."""
    rows = ["| environment | platform | packages |", "|---|---|---|"]
    pythons: set[str] = set()
    for name, environment in sorted(bundle.environments.items()):
        for subdir, bundled in sorted(environment.platforms.items()):
            rows.append(f"| {name} | {subdir} | {len(bundled.records)} |")
            pythons.update(f"{one.version} for {name}" for one in bundled.records if is_interpreter(one))
    borrowed = _BORROWED.format(pythons=", ".join(sorted(pythons))) if pythons else ""
    name = next(iter(sorted(bundle.environments)), "NAME")
    return _TEXT.format(name=name, rows="\n".join(rows), borrowed=borrowed)
