"""Recipes for the builder's tests, as folders: a C library with a program, Python packages, whatever a test writes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_envs.build.api import Builder
from jupyter_envs.build.models import BuildReport, BuildRequest
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings

HELLO_META = """\
{% set version = "1.0" %}
package:
  name: hello
  version: {{ version }}
source:
  path: src
requirements:
  build:
    - {{ compiler('c') }}
test:
  commands:
    - hello | grep "hello from $PREFIX/share"
about:
  license: BSD-3-Clause
  license_file: LICENSE
  summary: says hello
"""
HELLO_BUILD = """\
mkdir -p "$PREFIX/lib" "$PREFIX/bin"
$CC $CFLAGS -DPLACE="\\"$PREFIX/share\\"" -shared -Wl,-soname,libgreet.so.1 -o "$PREFIX/lib/libgreet.so.1" greet.c
ln -s "$PREFIX/lib/libgreet.so.1" "$PREFIX/lib/libgreet.so"
$CC $CFLAGS $LDFLAGS -o "$PREFIX/bin/hello" main.c -lgreet
"""
HELLO_SOURCES = {
    "src/greet.c": '#include <stdio.h>\nvoid greet(void) { printf("hello from %s\\n", PLACE); }\n',
    "src/main.c": "void greet(void);\nint main(void) { greet(); return 0; }\n",
    "src/LICENSE": "Do what you want.\n",
}
TOOL_RECIPE = """\
context:
  version: "0.3"
package:
  name: tool
  version: ${{ version }}
source:
  path: src
build:
  noarch: python
  script:
    - mkdir -p $SP_DIR/tool $PREFIX/bin
    - cp *.py $SP_DIR/tool/
    - printf '#!/bin/sh\\necho plain\\n' > $PREFIX/bin/plain
    - chmod +x $PREFIX/bin/plain
    - ${{ PYTHON }} -m compileall -q $SP_DIR/tool
  python:
    entry_points:
      - tool = tool.cli:main
requirements:
  host:
    - python
  run:
    - python
tests:
  - python:
      imports: [tool, tool.cli]
      pip_check: false
  - script:
      - tool | grep "tool works"
      - plain | grep plain
  - package_contents:
      site_packages: [tool, tool.cli]
      bin: [plain]
about:
  license: MIT
  license_file: LICENSE
"""
TOOL_SOURCES = {
    "src/__init__.py": "",
    "src/cli.py": 'def main():\n    print("tool works")\n',
    "LICENSE": "MIT\n",
}


def write_recipe(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a recipe folder and return it; ``*.sh`` are executable."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if name.endswith(".sh"):
            path.chmod(0o755)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


def hello(folder: Path, **changes: str) -> Path:
    """Write the recipe of a C library and a program that is linked to it; ``meta`` and ``build`` replace its files."""
    files = {"meta.yaml": changes.get("meta", HELLO_META), "build.sh": changes.get("build", HELLO_BUILD)}
    return write_recipe(folder, {**HELLO_SOURCES, **files})


def tool(folder: Path) -> Path:
    """Write the recipe of a noarch Python package with an entry point and a plain script."""
    return write_recipe(folder, {"recipe.yaml": TOOL_RECIPE, **TOOL_SOURCES})


def build(settings: Settings, output: Path, *recipes: Path, **options: Any) -> BuildReport:
    """Build recipes in this process; fast compression."""
    options = {"compression": 1, "channels": (), "sources": ("conda",), **options}
    request = BuildRequest(recipes=tuple(map(str, recipes)), output=str(output), **options)
    return Builder(settings).build(request)


def install(
    settings: Settings, name: str, *specs: str, channels: tuple[Path, ...], sources: tuple[str, ...] = ("conda",)
) -> Path:
    """Make an environment and return its prefix."""
    engine = Engine(settings)
    prefix = Path(settings.envs_directories[0], name)
    request = ChangeRequest(
        action="create", prefix=str(prefix), specs=specs, channels=tuple(map(str, channels)), sources=sources
    )
    engine.execute(engine.plan(request))
    return prefix
