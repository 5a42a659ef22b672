"""Recipes of the shapes that feedstocks have: what they use means what it means to conda-build and rattler-build."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.build.load import render
from jupyter_envs.build.models import Output, RenderedRecipe, Source
from jupyter_envs.build.order import key_of, needs_graph
from jupyter_envs.build.post_process import process
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


SUITE = """\
package: {name: geo-suite, version: "2.1"}
build:
  number: 4
  noarch: generic
  ignore_run_exports: [zlib]
  run_exports: [geo-suite]
requirements:
  run: ["{{ pin_subpackage('pygeo', exact=True) }}"]
outputs:
  - name: libgeo
    build:
      script: [make install]
      script_env: [LEVEL=3]
  - name: pygeo
    script: install-py.sh
    requirements: {host: ["{{ pin_subpackage('libgeo', exact=True) }}"]}
    build: {force_use_keys: [flavour]}
  - name: geo-data
    about: {license: CC0-1.0}
test: {commands: [geo --version]}
about: {license: MIT, license_file: [LICENSE, NOTICE]}
"""
VARIANTS = "flavour: [mint, lime]\n"


def test_outputs_have_what_conda_build_gives_them_from_their_recipe(tmp_path: Path) -> None:
    first, _second = write(tmp_path, SUITE, "meta.yaml", conda_build_config__yaml=VARIANTS)
    library, python, data, suite = first.outputs
    assert (library.script.lines, library.script.environ) == (("make install",), {"LEVEL": "3"})
    assert (library.build_number, library.noarch, library.requirements.ignore) == (4, None, ())
    assert (library.about, library.license_files) == ({"license": "MIT"}, ("LICENSE", "NOTICE"))
    assert (data.about, data.license_files) == ({"license": "CC0-1.0"}, ())
    assert (data.build_number, data.noarch, data.requirements.ignore) == (4, None, ("zlib",)), "it has no build section"
    assert data.requirements.run_exports.weak == (), "which are one package's alone"
    assert (suite.name, suite.noarch, suite.files.select) == ("geo-suite", "generic", ())
    assert [test.script.lines for test in suite.tests] == [("geo --version",)]
    assert python.variant == {"flavour": "mint", "target_platform": "linux-64"}


def test_what_several_variants_have_is_built_once(tmp_path: Path) -> None:
    recipes = write(tmp_path, SUITE, "meta.yaml", conda_build_config__yaml=VARIANTS)
    assert [[output.name for output in recipe.outputs] for recipe in recipes] == [
        ["libgeo", "pygeo", "geo-data", "geo-suite"],
        ["pygeo", "geo-suite"],
    ]
    assert [output.name for output in recipes[1].siblings] == ["libgeo", "geo-data"]
    first, second = (key_of(recipe) for recipe in recipes)
    assert needs_graph(recipes)[second] == {first}
    assert needs_graph(recipes)[first] == frozenset()


MANY = """\
{% set build = 2 %}
package: {name: many, version: "1"}
source:
  - url: https://a.example/many.tar.gz  # [cuda_major == 12]
    sha256: 1f2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff001  # [cuda_major == 12]
    no_hoist: true  # [cuda_major == 12]
build:
  number: {{ build }}
  string: cuda{{ cuda_major }}py{{ CONDA_PY }}h{{ PKG_HASH }}_{{ build }}
  skip: true  # [win]
  binary_relocation: [lib/*.so]
  script: "{{ PYTHON }} -m pip install . # {{ PKG_NAME }} {{ PY_VER }} lib{{ SHLIB_EXT }}"
requirements: {host: [python]}
"""


FLAGS = """\
package: {name: flags, version: "1.2"}
build:
  skip: true  # [is_rc]
  skip: true  # [win]
  skip: false  # [linux]
  skip: false  # [unix]
  number: 7
  string: cpu_h{{ PKG_HASH }}_{{ PKG_BUILDNUM }}
outputs:
  - name: libflags
    files: {include: [lib/*], exclude: [lib/python*]}
    test: {commands: ["flags --version | grep {{ PKG_VERSION }}"]}
  - name: pyflags
    script: install.sh
    build: {python_version_independent: true, activate_in_script: true}
    requirements: {host: [python], run: [python >=3.9]}
"""


def test_what_gpu_feedstocks_use(tmp_path: Path) -> None:
    variants = (
        '# nothing\nis_rc: [False]\nflavour:  # [os.environ.get("NO_SUCH_VARIABLE", "False") == "True"]\n'
        '  - "a"  # [os.environ.get("NO_SUCH_VARIABLE", "False") == "True"]\n'
    )
    (recipe,) = write(tmp_path, FLAGS, "meta.yaml", conda_build_config__yaml=variants)
    library, python = recipe.outputs
    assert library.build_string.endswith("_7")
    assert (library.files.select, library.files.exclude) == (("lib/*",), ("lib/python*",))
    assert library.tests[0].script.lines == ("flags --version | grep 1.2",)
    assert (python.subdir, python.noarch, python.requirements.run) == ("linux-64", "python", ("python >=3.9",))
    (tmp_path / "conda_build_config.yaml").write_text("# all of it is a comment\n")
    assert len(render(tmp_path / "meta.yaml", "linux-64")) == 1


def test_a_value_that_is_given_chooses_what_is_zipped_with_it(tmp_path: Path) -> None:
    pinned = "python: [3.11.* *_cpython, 3.12.* *_cpython]\nnumpy: ['1', '2']\nzip_keys: [[python, numpy]]\n"
    text = "package: {name: a, version: '1'}\nrequirements: {host: [python, numpy]}\n"
    (tmp_path / "meta.yaml").write_text(text)
    (tmp_path / "conda_build_config.yaml").write_text(pinned)
    for given, expected in (
        ({}, [("python 3.11.* *_cpython", "numpy 1.*"), ("python 3.12.* *_cpython", "numpy 2.*")]),
        ({"python": "3.12"}, [("python 3.12.* *_cpython", "numpy 2.*")]),
        ({"numpy": "1", "python": "3.11"}, [("python 3.11.* *_cpython", "numpy 1.*")]),
        ({"python": "3.9"}, [("python 3.9.*", "numpy 1.*"), ("python 3.9.*", "numpy 2.*")]),
    ):
        recipes = render(tmp_path / "meta.yaml", "linux-64", variants=given)
        assert [recipe.outputs[0].requirements.host for recipe in recipes] == expected


R_PACKAGE = """\
package: {name: r-plots, version: "3"}
build: {noarch: generic, rpaths: ['{{ environ["PREFIX"] }}/lib/R/lib/', lib/], rpaths_patcher: patchelf}
requirements: {host: [r-base], run: [r-base]}
app: {entry: plots}
"""


def test_a_package_of_r_and_keys_without_a_value(tmp_path: Path) -> None:
    variants = 'r_base: ["4.3", "4.4"]\nMACOSX_SDK_VERSION:  # [osx]\n  - 12.3  # [osx]\n'
    text = variants.replace("MACOSX_SDK_VERSION:  # [osx]", "MACOSX_SDK_VERSION:")
    recipes = write(tmp_path, R_PACKAGE, "meta.yaml", conda_build_config__yaml=text)
    strings = [recipe.outputs[0].build_string for recipe in recipes]
    assert [string[:4] for string in strings] == ["r43h", "r44h"]
    assert recipes[0].outputs[0].files.rpaths == ("lib/R/lib/", "lib/")
    assert recipes[0].warnings == ("r-plots: what launchers of applications read is not written (app)",)


def test_zipped_keys_of_recipe_yaml_may_have_one_value_for_all(tmp_path: Path) -> None:
    text = "package: {name: a, version: '1'}\n"
    text += "build: {script: [\"echo ${{ (flavour ~ '.x') | split('.') | first }}\"]}\n"
    text += 'requirements: {host: [zlib]}\nextra: {f: "${{ flavour }}"}\n'
    zipped = "zlib: ['1', '2']\nflavour: [mint]\nzip_keys: [[zlib, flavour]]\n"
    recipes = write(tmp_path, text, "recipe.yaml", conda_build_config__yaml=zipped)
    assert [recipe.outputs[0].requirements.host for recipe in recipes] == [("zlib 1.*",), ("zlib 2.*",)]
    assert recipes[0].outputs[0].script.lines == ("echo mint",)


def test_scripts_of_recipe_yaml_may_leave_their_ending_out(tmp_path: Path) -> None:
    text = "package: {name: a, version: '1'}\nbuild: {script: {file: make}, python: {version_independent: true}}\n"
    output = only(tmp_path, text, "recipe.yaml", make__sh="")
    assert (output.script.file, output.subdir, output.noarch) == ("make.sh", "linux-64", "python")
    assert only(tmp_path, text.replace("{file: make}", "make"), "recipe.yaml").script.file == "make.sh"


def test_words_and_numbers_of_variants(tmp_path: Path) -> None:
    variants = 'cuda_major: [12]\npython: ["3.12"]\n'
    (recipe,) = write(tmp_path, MANY, "meta.yaml", conda_build_config__yaml=variants)
    (output,) = recipe.outputs
    assert output.build_string.startswith("cuda12py312h")
    assert output.script.lines == ("$PYTHON -m pip install . # $PKG_NAME 3.12 lib.so",)
    assert [source.hoist for source in recipe.sources] == [False], "the selector compares numbers"
    assert output.files.relocate == ("lib/*.so",)


BESIDE = """\
{% set project = load_file_data("pyproject.toml").project %}
{% set found = load_file_regex(load_file="about.py", regex_pattern="author = '(.*)'") %}
package: {name: "{{ project.name }}", version: "{{ environ.get('GIT_DESCRIBE_TAG', 'none')[1:] }}"}
source: {git_url: ..}
build: {number: "{{ GIT_DESCRIBE_NUMBER }}", string: "{{ GIT_BUILD_STR }}"}
about: {summary: "{{ found.group(1) }}"}
"""


def test_a_recipe_beside_its_project_reads_it_and_gits_tag(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "beside"\n')
    (tmp_path / "about.py").write_text("author = 'Ada'\n")
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    for command in ("init -q", "add .", "commit -q -m one", "tag v1.4", "commit -q --allow-empty -m two"):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True, env={**os.environ, **who})
    (tmp_path / "recipe").mkdir()
    output = only(tmp_path / "recipe", BESIDE)
    assert (output.name, output.version, output.build_number) == ("beside", "1.4", 1)
    assert output.build_string.startswith("1_g")
    assert output.about["summary"] == "Ada"


def test_a_recipe_beside_its_project_reads_its_setup(tmp_path: Path) -> None:
    computed = 'setup(name="beside", version=find_version(), install_requires=["six >=1", "attrs"])\n'
    (tmp_path / "setup.py").write_text(computed)
    (tmp_path / "setup.cfg").write_text("[metadata]\nlicense = MIT\n")
    (tmp_path / "recipe").mkdir()
    text = """\
{% set data = load_setup_py_data() %}
package: {name: "{{ data.name }}", version: "{{ data.get('version') }}"}
source: {path: ..}
requirements:
  run:
    {% for need in data.get('install_requires', []) %}
    - {{ need }}
    {% endfor %}
about: {license: "{{ data['license'] }}", home: "{{ data.get('url', 'nowhere') }}"}
"""
    with pytest.raises(RecipeError, match=r"line 2: setup\.py computes version"):
        only(tmp_path / "recipe", text)
    (tmp_path / "setup.py").write_text(computed.replace("find_version()", '"1.4"'))
    output = only(tmp_path / "recipe", text)
    assert (output.name, output.version, output.requirements.run) == ("beside", "1.4", ("six >=1", "attrs"))
    assert output.about == {"license": "MIT", "home": "nowhere"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("meta.yaml", "build: {error_overdepending: true}\ntest: {downstreams: [b, c]}\n"),
        (
            "recipe.yaml",
            "build: {dynamic_linking: {overdepending_behavior: error}}\ntests: [{downstream: b}, {downstream: c}]\n",
        ),
    ],
)
def test_what_is_passed_over_is_said(tmp_path: Path, name: str, text: str) -> None:
    (recipe,) = write(tmp_path, "package: {name: a, version: '1'}\n" + text, name)
    assert recipe.warnings == ("a: what needs it is not tested (b, c)",)
    assert recipe.outputs[0].files.overdepending
    assert recipe.outputs[0].tests == ()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("requirements: {run: [\"{{ pin_subpackage('no') }}\"]}\n", "recipe.pin", "a pins no, which is not in the out"),
        ("build: {noarch: python, entry_points: [tool]}\n", "recipe.value", "that cannot be read: 'tool'"),
    ],
)
def test_what_can_never_work_is_said_before_anything_is_built(tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said) as caught:
        write(tmp_path, "package: {name: a, version: '1'}\n" + text, "meta.yaml")
    assert caught.value.code == code


POST_PROCESS = """\
package: {name: a, version: "1"}
build:
  script: [make install]
  post_process:
    - {files: ["*.cmake"], regex: '([^ ]+)/sysroot', replacement: "$${SYSROOT} of $1"}
"""


def test_texts_in_files_are_replaced_as_rattler_build_does(tmp_path: Path) -> None:
    rules = only(tmp_path, POST_PROCESS, "recipe.yaml").files.replacing
    (tmp_path / "lib").mkdir()
    given = {"a.cmake": b"set /opt/x/sysroot", "b.txt": b"/x/sysroot", "c.cmake": b"\xff /x/sysroot"}
    for name, content in given.items():
        (tmp_path / "lib" / name).write_bytes(content)
    process(str(tmp_path), [f"lib/{name}" for name in given], rules)
    held = {name: (tmp_path / "lib" / name).read_bytes() for name in given}
    assert held == {**given, "a.cmake": b"set ${SYSROOT} of /opt/x"}
    with pytest.raises(RecipeError, match="of post_process cannot be read"):
        write(tmp_path, POST_PROCESS.replace("([^ ]+)", r"\p{L}"), "recipe.yaml")  # Rust's, not Python's


def test_a_staging_output_has_the_default_script(tmp_path: Path) -> None:
    text = "recipe: {name: s, version: '1'}\noutputs:\n  - staging: {name: st}\n  - {package: {name: a}, inherit: st}\n"
    (recipe,) = write(tmp_path, text, "recipe.yaml", build__sh="make")
    (output,) = recipe.outputs
    assert (recipe.script.file, output.script.empty, output.files.select) == ("build.sh", True, ("**",))
