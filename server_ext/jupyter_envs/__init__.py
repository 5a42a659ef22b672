"""Environments and kernels for Jupyter: version and Jupyter entry points, nothing else."""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return where the built frontend is (called by JupyterLab's tools)."""
    return [{"src": "labextension", "dest": "jupyter-envs"}]
