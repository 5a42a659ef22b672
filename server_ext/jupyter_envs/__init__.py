"""Environments and kernels for Jupyter: version and Jupyter entry points, nothing else."""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return where the built frontend is (called by JupyterLab's tools)."""
    return [{"src": "labextension", "dest": "jupyter-envs"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Tell Jupyter Server where the extension is; it is only loaded then."""
    from jupyter_envs.server.app import EnvsExtension

    return [{"module": "jupyter_envs", "app": EnvsExtension}]


def load_ipython_extension(shell: object) -> None:
    """Register the magics in a kernel that can import us (called by ``%load_ext jupyter_envs``)."""
    from jupyter_envs.current import extension_link
    from jupyter_envs.magics import register

    register(shell, extension_link())
