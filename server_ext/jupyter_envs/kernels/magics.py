"""What gives an ipykernel its magics: the files beside ``kernel.json`` and the argument that has one of them run.

Nothing is installed into the environment, and a kernel whose files have gone still starts. Pure but for reading
``boot.py``, which is a part of this package.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jupyter_envs.engine.sources.modules import known_modules
from jupyter_envs.settings import Settings

BOOT, LINK, MODULES = "boot.py", "boot.json", "modules.json"
LINK_VARIABLE = "JUPYTER_ENVS_LINK"
"""``own_link`` of the server, in the variables of its kernels: for those whose spec was written elsewhere."""
_PACKAGE = Path(__file__).resolve().parent.parent


def boot_argument(directory: Path) -> str:
    """Return the argument that has ipykernel run ``boot.py``, for a spec in a directory.

    The form with brackets is what every traitlets reads. A quote or a backslash in the path would end it early; the
    plain form, which traitlets 5 brought, has no such limit.
    """
    if "'" in str(directory) or "\\" in str(directory):
        return f"--IPKernelApp.exec_files={{resource_dir}}/{BOOT}"
    return f"--IPKernelApp.exec_files=['{{resource_dir}}/{BOOT}']"


def boot_files(settings: Settings) -> dict[str, bytes]:
    """Return the files beside the spec: ``boot.py``, where jupyter-envs is, and which package brings which module."""
    return {
        BOOT: (_PACKAGE / "kernels" / BOOT).read_bytes(),
        LINK: _json(own_link() | {"root": settings.root}),
        MODULES: _json(known_modules()),
    }


def own_link() -> dict[str, str]:
    """Return where jupyter-envs is: its package, and the Python that has it."""
    return {"python": sys.executable, "package": str(_PACKAGE)}


def leads_nowhere(directory: Path) -> bool:
    """Tell whether the files beside a spec name a jupyter-envs that is not there any more."""
    try:
        link = json.loads((directory / LINK).read_text(encoding="utf-8"))
        return not (Path(link["package"], "magics", "__init__.py").exists() and Path(link["python"]).exists())
    except FileNotFoundError:
        return False  # not a kernel with magics
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"
