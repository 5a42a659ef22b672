"""Recipes as texts: selectors, templates, variants, pins, hashes; and what is wrong with them, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.build.load import find_recipes, render
from jupyter_envs.build.models import Output, Pin, RenderedRecipe
from jupyter_envs.build.recipe.pins import Found, bounds, resolve
from jupyter_envs.build.recipe.selectors import evaluate, select_lines, selector_names
from jupyter_envs.build.recipe.variants import combinations, read_variants
from jupyter_envs.errors import RecipeError

STAGING = "{{staging: {{name: {0}}}, build: {{script: [make]}}}}, {{package: {{name: of-{0}}}, inherit: {0}}}"
HEAD = 'package:\n  name: a\n  version: "1.10"\n'


def rendered(tmp_path: Path, text: str, name: str = "meta.yaml", **files: str) -> list[RenderedRecipe]:
    for other, content in {name: text, **files}.items():
        (tmp_path / other.replace("__", ".")).write_text(content)
    return render(tmp_path / name, "linux-64")


def only(tmp_path: Path, text: str, name: str = "meta.yaml", **files: str) -> Output:
    (recipe,) = rendered(tmp_path, text, name, **files)
    (output,) = recipe.outputs
    return output


NAMES = selector_names("linux-64", {"python": "3.11", "numpy": "1.26", "flavour": "mint"}, {"CI": "1"})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("linux", True),
        ("win", False),
        ("unix and not osx", True),
        ("py == 311 and py>=38", True),
        ("py<310 or py3k", True),
        ("target_platform == 'linux-64'", True),
        ("flavour in ('mint', 'lime')", True),
        ("flavour.startswith('m')", True),
        ("environ.get('CI') == '1'", True),
        ("undefined_word", False),
        ("undefined_word == 'x'", False),
        ("undefined_word > 3", False),
        ("np >= 126", True),
        ("linux64 and x86_64", True),
    ],
)
def test_selectors(expression: str, expected: bool) -> None:
    assert evaluate(expression, NAMES, "meta.yaml", 1) is expected


@pytest.mark.parametrize(
    "expression", ["linux and (", "__import__('os')", "().__class__", "[x for x in y]", "lambda: 1"]
)
def test_selectors_are_expressions_and_nothing_more(expression: str) -> None:
    with pytest.raises(RecipeError, match="line 7") as caught:
        evaluate(expression, NAMES, "meta.yaml", 7)
    assert caught.value.code == "recipe.selector"


def test_selected_lines_stay_where_they_are() -> None:
    text = "a: 1  # [win]\nb: 2  # [linux]\nc: [x]  # no selector\n# d [win]\n"
    assert select_lines(text, NAMES, "m") == "\nb: 2\nc: [x]  # no selector\n# d [win]\n"


@pytest.mark.parametrize(
    ("version", "lower", "upper", "expected"),
    [
        ("1.2.3", "x.x.x.x.x.x", "x", ">=1.2.3,<2.0a0"),
        ("1.2.3", "x.x", "x.x", ">=1.2,<1.3.0a0"),
        ("1.2", "x", "x.x.x", ">=1,<1.3.0a0"),
        ("1.2.3", "", "x.x", "<1.3.0a0"),
        ("1.2.3", "1.0", "2.0", ">=1.0,<2.0"),
        ("1!2.3", "x.x", "x", ">=1!2.3,<1!3.0a0"),
        ("2.0rc1", "x.x", "x", ">=2.0rc1,<3.0a0"),
        ("9e", "x", "x", ">=9e,<10.0a0"),
    ],
)
def test_pin_expressions(version: str, lower: str, upper: str, expected: str) -> None:
    assert bounds(version, lower, upper) == expected


def test_pins_on_what_is_not_there() -> None:
    pin = Pin(kind="compatible", name="zlib", lower="x", upper="x")
    assert resolve(pin, {"zlib": Found("1.3", "h0")}, {}, "a") == "zlib >=1,<2.0a0"
    exact = Pin(kind="subpackage", name="lib", exact=True)
    assert resolve(exact, {}, {"lib": Found("2", "h1_0")}, "a") == "lib 2 h1_0"
    with pytest.raises(RecipeError, match="a pins zlib") as caught:
        resolve(pin, {}, {}, "a")
    assert caught.value.code == "recipe.pin"


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        (HEAD + "build:\n  numbr: 1\n", 5, "no key 'numbr' in build", "did you mean number?"),
        (HEAD + "requirments:\n  host: [a]\n", 4, "no key 'requirments'", "did you mean requirements?"),
        (HEAD + "{% set x = 1 %}\nabout:\n  licence: MIT\n", 6, "no key 'licence'", "did you mean license?"),
        (HEAD + "about:\n  home: {{ nowhere }}\n", 5, "'nowhere' is undefined", "{% set"),
        (HEAD + "about:\n  home: {{ nowhere\n", 5, "", "fix"),
        (HEAD + "about:\n  home: x # [linux and\n", 5, "", ""),
        (HEAD + "build:\n  number: 1\n  number: 2\n", 6, "appears twice", "line 5"),
        (HEAD + "build:\n number: [1\n", 5, "", "fix the line"),
        (HEAD + "build:\n  number: many\n", 5, "not a whole number", ""),
        (HEAD + "build:\n  noarch: perl\n", 5, "no noarch kind", "python or generic"),
        (HEAD + "source:\n  hg_url: x\n", 5, "hg_url in source is not supported", "archive"),
        (HEAD + "source:\n  url: a\n  path: b\n", 5, "url and path", "exactly one"),
        (HEAD + "requirements:\n  host: ['>=1']\n", 5, "not a requirement", "name >=1.2"),
        (HEAD + "requirements:\n  host: ['{{ pin_compatible(\"a\", maximum=1) }}']\n", 5, "no option maximum", ""),
        (HEAD + "about: {summary: '{{ load_setup_py_data() }}'}\n", 4, "setup.py", "a first source that is a folder"),
        ("- a\n- b\n", 1, "not a mapping", ""),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, said: str, hint: str) -> None:
    if "[linux and" in text:
        text = text.replace("[linux and", "[linux and]")
    with pytest.raises(RecipeError) as caught:
        rendered(tmp_path, text)
    assert f"meta.yaml, line {line}: " in caught.value.message
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("package: {name: a, version: '1'}\nbuild:\n  scrpt: x\n", 3, "did you mean script?"),
        ("package: {name: a, version: '1'}\nrequirments: {}\n", 2, "did you mean requirements?"),
        ("package: {name: a, version: '1'}\nabout:\n  summary: ${{ nowhere }}\n", 3, ""),
        ("package: {name: a, version: '1'}\nbuild: [1\n", 2, ""),
        ("package: {name: a, version: '1'}\nabout: {}\nabout: {}\n", 3, "line 2"),
    ],
)
def test_what_is_wrong_with_recipe_yaml_is_said_too(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        rendered(tmp_path, text, "recipe.yaml")
    assert f"recipe.yaml, line {line}: " in caught.value.message
    assert said in caught.value.hint


def test_the_hash_is_the_one_that_conda_build_gives(tmp_path: Path) -> None:
    assert only(tmp_path, HEAD + "requirements: {build: [\"{{ compiler('c') }}\"]}\n").build_string == "h9bf148f_0"
    assert only(tmp_path, HEAD).build_string == "hb0f4dca_0"


def test_versions_stay_as_they_are_written(tmp_path: Path) -> None:
    assert only(tmp_path, "package: {name: a, version: 1.10}\n").version == "1.10"


def test_build_strings_of_ones_own(tmp_path: Path) -> None:
    text = HEAD + "build: {number: 4, string: 'cuda_h{{ PKG_HASH }}_4'}\n"
    assert only(tmp_path, text).build_string == "cuda_hb0f4dca_4"


def test_templates(tmp_path: Path) -> None:
    text = """\
{% set version = load_file_regex(load_file="VERSION", regex_pattern="v(.*)").group(1) %}
{% set data = load_file_data("pyproject.toml") %}
package:
  name: {{ data.project.name | lower }}
  version: {{ version }}
build:
  script: "{{ PYTHON }} -m pip install ."
about:
  summary: {{ environ.get("NOT_SET", "default") }}
"""
    toml = '[project]\nname = "Tool"\n'
    output = only(tmp_path, text, VERSION="v2.3", pyproject__toml=toml)
    assert (output.name, output.version) == ("tool", "2.3")
    assert output.script.lines == ("$PYTHON -m pip install .",)
    assert output.about["summary"] == "default"


def test_a_recipe_that_is_skipped_under_some_variants(tmp_path: Path) -> None:
    text = HEAD + "build:\n  skip: true  # [py<312]\nrequirements:\n  host: [python]\n"
    recipes = rendered(tmp_path, text, conda_build_config__yaml="python: ['3.11', '3.12', '3.13']\n")
    assert [recipe.outputs[0].build_string[:5] for recipe in recipes] == ["py312", "py313"]
    assert recipes[0].outputs[0].requirements.host == ("python 3.12.*",)


def test_only_what_a_recipe_uses_multiplies_it(tmp_path: Path) -> None:
    config = "python: ['3.11', '3.12']\nzlib: ['1.2', '1.3']\nopenssl: ['3']\n"
    assert len(rendered(tmp_path, HEAD, conda_build_config__yaml=config)) == 1
    assert (
        len(rendered(tmp_path, HEAD + "requirements: {host: [zlib, python]}\n", conda_build_config__yaml=config)) == 4
    )
    noarch = HEAD + "build: {noarch: python}\nrequirements: {host: [python]}\n"
    (recipe,) = rendered(tmp_path, noarch, conda_build_config__yaml=config)
    assert recipe.outputs[0].build_string.startswith("pyh")


def test_zipped_keys_go_together() -> None:
    text = "python: ['3.11', '3.12']\nnumpy: ['1.26', '2.0']\nlibrary: [a, b]\nzip_keys:\n  - [python, numpy]\n"
    config = read_variants([("v.yaml", text)], "linux-64")
    found = combinations(config, {"numpy", "library"})
    assert [(each["python"], each["numpy"], each["library"]) for each in found] == [
        ("3.11", "1.26", "a"),
        ("3.11", "1.26", "b"),
        ("3.12", "2.0", "a"),
        ("3.12", "2.0", "b"),
    ]
    with pytest.raises(RecipeError, match="python has 2, numpy has 3") as caught:
        read_variants([("v.yaml", text.replace("'2.0'", "'2.0', '2.1'"))], "linux-64")
    assert caught.value.code == "recipe.variants"


def test_later_variant_files_replace_or_extend() -> None:
    files = [("a", "x: [1]\ny: [1]\nextend_keys: [y]\n"), ("b", "x: [2]\ny: [2]\nz: [1]  # [win]\n")]
    config = read_variants(files, "linux-64", {"w": "3"})
    assert (config.values["x"], config.values["y"], config.values["w"]) == (("2",), ("1", "2"), ("3",))
    assert "z" not in config.values


def test_compilers_and_what_is_pinned_to_run(tmp_path: Path) -> None:
    text = HEAD + (
        "requirements:\n  build:\n    - {{ compiler('cxx') }}\n    - {{ stdlib('c') }}\n"
        "  host: [python, numpy]\n  run: [python, numpy]\n"
    )
    config = "cxx_compiler_version: ['12']\nc_stdlib_version: ['2.17']\npython: ['3.12']\n"
    needs = only(tmp_path, text, conda_build_config__yaml=config).requirements
    assert needs.build == ("gxx_linux-64 12.*", "sysroot_linux-64 2.17.*")
    assert needs.host == ("python 3.12.*", "numpy")
    assert needs.run == (Pin(kind="compatible", name="python", lower="x.x", upper="x.x"), "numpy")


def test_requirements_without_a_host_section_are_the_hosts(tmp_path: Path) -> None:
    needs = only(tmp_path, HEAD + "requirements: {build: [make, zlib]}\n").requirements
    assert (needs.build, needs.host) == ((), ("make", "zlib"))


def test_outputs_that_pin_each_other_exactly(tmp_path: Path) -> None:
    text = (
        HEAD
        + "outputs:\n"
        + "".join(
            f"  - name: {one}\n    requirements: ['{{{{ pin_subpackage(\"{other}\", exact=True) }}}}']\n"
            for one, other in (("b", "c"), ("c", "b"))
        )
    )
    with pytest.raises(RecipeError, match="b -> c -> b") as caught:
        rendered(tmp_path, text)
    assert caught.value.code == "recipe.cycle"


def test_both_formats_give_the_same_value(tmp_path: Path) -> None:
    meta = """\
package: {name: a, version: "1.0"}
source: {path: src}
build: {number: 1, noarch: python, entry_points: ["a = a:main"], script: "$PYTHON -m pip install ."}
requirements: {host: [python, pip], run: [python, click]}
test: {imports: [a]}
about: {license: MIT, summary: s}
"""
    recipe = """\
package: {name: a, version: "1.0"}
source: {path: src}
build: {number: 1, noarch: python, python: {entry_points: ["a = a:main"]}, script: "$PYTHON -m pip install ."}
requirements: {host: [python, pip], run: [python, click]}
tests: [{python: {imports: [a], pip_check: false}}]
about: {license: MIT, summary: s}
"""
    one, two = only(tmp_path, meta), only(tmp_path, recipe, "recipe.yaml")
    for field in (
        "name",
        "version",
        "build_number",
        "noarch",
        "requirements",
        "script",
        "entry_points",
        "tests",
        "about",
    ):
        assert getattr(one, field) == getattr(two, field), field


def test_each_staging_output_is_built_with_its_packages_as_a_recipe_of_its_own(tmp_path: Path) -> None:
    plain = "{package: {name: plain}}, {package: {name: second}, inherit: s}"
    outputs = f"outputs: [{STAGING.format('s')}, {STAGING.format('t')}, {plain}]\n"
    recipes = rendered(tmp_path, f"recipe: {{name: a, version: '1'}}\n{outputs}", "recipe.yaml")
    assert [[output.name for output in recipe.outputs] for recipe in recipes] == [
        ["of-s", "second"],
        ["of-t"],
        ["plain"],
    ]
    assert [[output.name for output in recipe.siblings] for recipe in recipes] == [
        ["of-t", "plain"],
        ["of-s", "second", "plain"],
        ["of-s", "second", "of-t"],
    ]
    assert [recipe.script.empty for recipe in recipes] == [False, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "build: {merge_build_and_host_envs: true}\n",
        "source: {git: 'http://localhost/a', rev: b, lfs: true}\n",
    ],
)
def test_what_is_not_done_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecipeError) as caught:
        rendered(tmp_path, f"package: {{name: a, version: '1'}}\n{text}", "recipe.yaml")
    assert caught.value.code == "recipe.unsupported"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &a [*a]", "recipe.yaml"),
        ("a: &a {b: *a}", "recipe.yaml"),
        ("a: &a [1, 2, 3, 4]\n" + "".join(f"b{n}: &a [*a, *a, *a, *a]\n" for n in range(20)), "recipe.yaml"),
        (f"a: {'[' * 900}{']' * 900}", "recipe.yaml"),
        (f"a: 1 # [{'not ' * 5000}linux]", "recipe.selector"),
    ],
)
def test_texts_that_do_not_end_are_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(RecipeError, match=r"meta\.yaml, line \d+: ") as caught:
        rendered(tmp_path, text)
    assert caught.value.code == code


@pytest.mark.parametrize("package", ["{name: ./../../x, version: 1}", "{name: x, version: ../1}"])
def test_a_recipe_whose_folder_would_be_elsewhere_is_refused(tmp_path: Path, package: str) -> None:
    with pytest.raises(RecipeError, match="cannot be the"):
        rendered(tmp_path, f"package: {package}\noutputs: [{{name: a}}, {{name: b}}]\n")


def test_folders_of_recipes(tmp_path: Path) -> None:
    for name, file in (("b", "meta.yaml"), ("a", "recipe.yaml"), ("b/inner", "meta.yaml")):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / file).write_text("")
    assert [str(path.relative_to(tmp_path)) for path in find_recipes(tmp_path)] == ["a/recipe.yaml", "b/meta.yaml"]
    (tmp_path / "none").mkdir()
    with pytest.raises(RecipeError, match="no recipe in"):
        find_recipes(tmp_path / "none")
