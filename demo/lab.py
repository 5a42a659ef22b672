"""``make lab``: JupyterLab with the environments in its sidebar; everything lives below ``.demo/``.

Arguments go to ``jupyter lab``, such as ``--no-browser`` or ``--port=9999``.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from run import HERE, ROOT, environ

ANNOUNCEMENTS = "@jupyterlab/apputils-extension:announcements"


def prepare() -> None:
    """Make the folders, put the demo's notebook there, and leave JupyterLab's news popup out."""
    (ROOT / "notebooks").mkdir(parents=True, exist_ok=True)
    if not (ROOT / "notebooks/demo.ipynb").exists():
        shutil.copy(HERE / "demo.ipynb", ROOT / "notebooks/demo.ipynb")
    config = ROOT / "jupyter/config/labconfig"
    config.mkdir(parents=True, exist_ok=True)
    (config / "page_config.json").write_text(json.dumps({"disabledExtensions": {ANNOUNCEMENTS: True}}))


def main() -> None:
    """Become ``jupyter lab``."""
    prepare()
    command = ["jupyter", "lab", f"--ServerApp.root_dir={ROOT / 'notebooks'}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container; Jupyter refuses to run as root otherwise
    print(
        "==> Opening JupyterLab. The environments are in the left sidebar; + makes one. Ctrl-C twice ends it.",
        flush=True,
    )
    os.execvpe(command[0], [*command, *sys.argv[1:]], environ())


if __name__ == "__main__":
    main()
