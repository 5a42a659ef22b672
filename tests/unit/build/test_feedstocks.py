"""Recipes of the shapes that feedstocks have: what they use means what it means to conda-build and rattler-build."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.build.load import render
from jupyter_envs.build.models import Output, RenderedRecipe, Source
from jupyter_envs.errors import RecipeError

NOARCH = """\
schema_version: 1
context:
  name: tool
  version: "1.4"
package:
  name: ${{ name|lower }}
  version: ${{ version }}
source:
  path: .
build:
  number: 1
  noarch: python
  script:
    - ${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
    - echo ${{ name }} ${{ version }} ${{ "unix" if unix else "other" }} ${{ env.get("FLAVOUR", default="plain") }}
requirements:
  host:
    - python ${{ python_min }}.*
    - pip
  run:
    - python >=${{ python_min }}
tests:
  - python:
      imports: [tool]
      python_version:
        - ${{ python_min }}.*
        - "*"
  - script:
      - test -f ${{ PREFIX }}/bin/${{ name }}
    requirements:
      build: [make]
      run: [pytest]
  - r: {libraries: [tool]}
"""


def write(folder: Path, text: str, name: str, **files: str) -> list[RenderedRecipe]:
    for other, content in {name: text, **files}.items():
        (folder / other.replace("__", ".")).write_text(content, encoding="utf-8")
    return render(folder / name, "linux-64")


def only(folder: Path, text: str, name: str = "meta.yaml", **files: str) -> Output:
    (recipe,) = write(folder, text, name, **files)
    (output,) = recipe.outputs
    return output


def test_scripts_of_recipe_yaml_are_rendered_and_name_variables(tmp_path: Path) -> None:
    output = only(tmp_path, NOARCH, "recipe.yaml", variants__yaml='python_min: ["3.10"]\n')
    assert output.script.lines == (
        "$PYTHON -m pip install . -vv --no-deps --no-build-isolation",
        "echo tool 1.4 unix plain",
    )
    test = next(test for test in output.tests if test.requires == ("make", "pytest"))
    assert test.script.lines == ("test -f $PREFIX/bin/tool",)


def test_an_expression_that_a_script_cannot_have_is_said_with_its_line(tmp_path: Path) -> None:
    text = NOARCH.replace("${{ PREFIX }}", "${{ PREFFIX }}")
    with pytest.raises(RecipeError, match=r"recipe\.yaml, line 29: .*'PREFFIX' is undefined") as caught:
        write(tmp_path, text, "recipe.yaml", variants__yaml='python_min: ["3.10"]\n')
    assert caught.value.code == "recipe.template"


def test_each_python_version_of_a_test_is_tested(tmp_path: Path) -> None:
    output = only(tmp_path, NOARCH, "recipe.yaml", variants__yaml='python_min: ["3.10"]\n')
    imports = [test for test in output.tests if test.kind == "python"]
    assert [test.requires for test in imports] == [("python 3.10.*",), ("python *",)]
    assert output.tests[-1].script.lines == ("Rscript -e 'library(commandArgs(TRUE)[1], character.only = TRUE)' tool",)


def test_what_git_ignores_is_left_out_of_a_source_unless_said_otherwise(tmp_path: Path) -> None:
    recipe = "package: {name: a, version: '1'}\nsource: {path: .%s}\n"
    for said, expected in (("", True), (", use_gitignore: false", False)):
        (rendered,) = write(tmp_path, recipe % said, "recipe.yaml")
        assert rendered.sources == (Source(path=".", use_gitignore=expected),)
