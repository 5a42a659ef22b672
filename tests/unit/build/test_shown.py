"""What ``--render`` prints: both formats, variants, outputs that pin each other."""

from __future__ import annotations

from pathlib import Path

from jupyter_envs.build.load import render
from jupyter_envs.build.shown import recipes_text

META = """\
{% set version = "2.1" %}
package: {name: geo-suite, version: {{ version }}}
source:
  url: [https://a.example/geo-{{ version }}.tar.gz, https://b.example/geo-{{ version }}.tar.gz]
  sha256: 1f2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff001
build: {number: 3}
outputs:
  - name: libgeo
    script: install-lib.sh
    build:
      run_exports: ["{{ pin_subpackage('libgeo', max_pin='x.x') }}"]
      rpaths: [lib/, lib/geo/]
  - name: pygeo
    requirements:
      host: [python, "{{ pin_subpackage('libgeo', exact=True) }}"]
      run: [python, "{{ pin_subpackage('libgeo', exact=True) }}"]
    test: {commands: ["pygeo --version", "pygeo --help"]}
about: {license: MIT}
"""
SHOWN = """\
- recipe: FOLDER/meta.yaml
  variant:
    python: '3.11'
  sources:
  - urls:
    - https://a.example/geo-2.1.tar.gz
    - https://b.example/geo-2.1.tar.gz
    sha256: 1f2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff001
  packages:
  - package: libgeo-2.1-hb0f4dca_3
    platform: linux-64
    requirements:
      run_exports:
        weak:
        - libgeo >=2.1,<2.2.0a0
    script:
      file: install-lib.sh
    files:
      rpaths:
      - lib/
      - lib/geo/
    about:
      license: MIT
  - package: pygeo-2.1-py311h049f4f1_3
    platform: linux-64
    requirements:
      host:
      - python 3.11.*
      - libgeo 2.1 hb0f4dca_3
      run:
      - pin_compatible('python', lower_bound='x.x', upper_bound='x.x')
      - libgeo 2.1 hb0f4dca_3
    files:
      select: []
    tests:
    - kind: script
      script: |
        pygeo --version
        pygeo --help
    about:
      license: MIT
"""
RECIPE = """\
context: {name: tool, version: "1.4"}
package: {name: "${{ name }}", version: "${{ version }}"}
source: {path: src}
build:
  noarch: python
  python: {entry_points: ["tool = tool:main"]}
  script: {env: {LEVEL: "3"}, content: "${{ PYTHON }} -m pip install ."}
requirements: {host: [python, pip], run: [python]}
tests:
  - python: {imports: [tool]}
about: {license: MIT, homepage: https://tool.example}
"""
RECIPE_SHOWN = """\
- recipe: FOLDER/recipe.yaml
  sources:
  - path: src
    use_gitignore: true
  packages:
  - package: tool-1.4-pyh4616a5c_0
    platform: noarch
    noarch: python
    requirements:
      host:
      - python 3.11.*
      - pip
      run:
      - python
    script:
      lines: |
        $PYTHON -m pip install .
      environ:
        LEVEL: '3'
    entry_points:
    - tool = tool:main
    tests:
    - kind: python
      imports:
      - tool
      pip_check: true
    about:
      home: https://tool.example/
      license: MIT
"""


def shown(folder: Path, name: str, text: str, python: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / "conda_build_config.yaml").write_text(f"python: {python}\n", encoding="utf-8")
    return recipes_text(render(folder / name, "linux-64")).replace(str(folder), "FOLDER")


def test_meta_yaml_with_variants_and_outputs(tmp_path: Path) -> None:
    first, second = shown(tmp_path, "meta.yaml", META, '["3.11", "3.12"]').split("\n\n")
    assert f"{first}\n" == SHOWN
    assert "python 3.12.*" in second
    assert "- libgeo 2.1 hb0f4dca_3" in second
    assert "package: libgeo" not in second, "the first variant builds it for both"


def test_recipe_yaml(tmp_path: Path) -> None:
    assert shown(tmp_path, "recipe.yaml", RECIPE, '["3.11"]') == RECIPE_SHOWN
