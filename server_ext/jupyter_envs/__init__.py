"""Environments and kernels for Jupyter: version and Jupyter entry points, nothing else."""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]
