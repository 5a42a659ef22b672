"""Programs that answer as a Python of some version would: for what is decided about Pythons, without having them."""

from __future__ import annotations

from pathlib import Path


def fake_python(
    path: Path, version: str = "3.12.4", *, name: str = "cpython", gil: str = "0", log: Path | None = None
) -> Path:
    """Write a program that says of itself what the probe asks, and a line into ``log`` each time; it runs nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tag = "cpython-" + "".join(version.split(".")[:2])
    lines = [name, version, str(path), tag, "linux-x86_64", gil, "True"]
    note = f"echo asked >> {log}\n" if log else ""
    path.write_text(f"#!/bin/sh\n{note}cat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    path.chmod(0o755)
    return path
