"""CEP 24: what is read, with which line an error begins, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jupyter_envs.engine.exchange.environment_yml import export_yaml, parse_environment_yml
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError


def parse(text: str, subdir: str = "linux-64", path: str = "env.yml") -> ParsedEnvironment:
    return parse_environment_yml(text, subdir=subdir, path=path)


def refused(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        parse(text)
    assert caught.value.code in ("exchange.yaml", "exchange.requirements")
    assert caught.value.hint
    return caught.value


def test_a_file_with_everything() -> None:
    parsed = parse(
        """
name: analysis
prefix: /opt/envs/analysis
channels:
  - conda-forge
  - https://channel.example/mine
  - nodefaults
category: main
platforms: [linux-64, osx-arm64]
dependencies:
  - python=3.11
  - numpy   >=1.26,<2
  - conda-forge::pandas
  - pypi::polars>=1
  - numpy >=1.26,<2
  - pip:
    - requests[socks]>=2  # a comment
    - Flask ; python_version >= "3.8"
variables:
  NUMBER: 007
  YES: yes
  TEXT: "with: colon"
"""
    )
    assert (parsed.name, parsed.prefix) == ("analysis", "/opt/envs/analysis")
    assert parsed.channels == ("conda-forge", "https://channel.example/mine")
    assert not parsed.default_channels
    assert parsed.platforms == ("linux-64", "osx-arm64")
    assert parsed.specs == ("python=3.11", "numpy >=1.26,<2", "conda-forge::pandas", "pypi::polars>=1")
    assert parsed.pip_specs == ("pypi::requests[socks]>=2", "pypi::Flask")
    assert parsed.all_specs == parsed.specs + parsed.pip_specs
    assert parsed.variables == {"NUMBER": "007", "YES": "yes", "TEXT": "with: colon"}
    assert parsed.warnings == ()


def test_the_smallest_file() -> None:
    parsed = parse("dependencies:\n  - numpy\n")
    assert parsed.specs == ("numpy",)
    assert parsed.default_channels and parsed.channels == () and parsed.name is None
    assert parse("dependencies: []").specs == ()
    assert parse("dependencies:\nname:\nchannels:\nvariables:\n").specs == ()


def test_home_and_variables_in_prefix_are_expanded(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("WHERE", "there")
    assert parse("prefix: ~/$WHERE/x\ndependencies: []").prefix == f"{home}/there/x"


def test_unknown_keys_are_warnings_as_the_cep_wants() -> None:
    parsed = parse("chanels: [x]\nsomething: 1\ndependencies: [a]\n")
    assert [warning.message for warning in parsed.warnings] == [
        "env.yml:1: unknown key 'chanels' is ignored",
        "env.yml:2: unknown key 'something' is ignored",
    ]
    assert parsed.warnings[0].hint == "did you mean 'channels'?"


@pytest.mark.parametrize(
    ("text", "begins", "hint"),
    [
        ("", "env.yml:1: not an environment.yml", "dependencies"),
        ("- numpy\n- pandas\n", "env.yml:1: not an environment.yml", "dependencies"),
        ("just text", "env.yml:1: not an environment.yml", "dependencies"),
        ("name: x\ndependancies:\n  - a\n", "env.yml:3: not an environment.yml", "did you mean `dependencies`"),
        ("services:\n  web:\n    image: x\n", "env.yml:1: not an environment.yml", "dependencies"),
        ("a: b: c\n", "env.yml:1: not YAML", "colons"),
        ("name: x\n  bad: indent\n", "env.yml:2: not YAML", "indentation"),
        ("dependencies: [a\n", "env.yml:2: not YAML", "indentation"),
        ("name: \x07\n", "env.yml:1: not YAML", "control characters"),
        ("name: [x]\ndependencies: []\n", "env.yml:1: name must be a text", "quote"),
        ("name: 5\ndependencies: []\n", "env.yml:1: name must be a text, not '5'", "quote"),
        ("dependencies: numpy\n", "env.yml:1: dependencies must be a list", "- "),
        ("dependencies:\n  numpy: 1\n", "env.yml:2: dependencies must be a list", "- "),
        ("dependencies:\n  - a\n  - 3.11\n", "env.yml:3: dependencies must be a text, not '3.11'", "quote"),
        ("dependencies:\n  - a\n  - [b]\n", "env.yml:3: a dependency must be a text", "- numpy"),
        ("dependencies:\n  - a >>1\n", "env.yml:2: 'a >>1' is not a spec", "numpy >=2"),
        ("dependencies:\n  - a\n  - '>=1'\n", "env.yml:3: '>=1' is not a spec", "numpy"),
        ("dependencies:\n  - pips:\n    - a\n", "env.yml:3: unknown section 'pips'", "did you mean 'pip'"),
        ("dependencies:\n  - npm: [a]\n", "env.yml:2: unknown section 'npm'", "only `pip:`"),
        ("dependencies:\n  - python: 3.11\n", "env.yml:2: unknown section 'python'", "quoted"),
        ("dependencies:\n  - sel(beos): a\n", "env.yml:2: unknown selector sel(beos)", "linux"),
        ("channels: conda-forge\ndependencies: []\n", "env.yml:1: channels must be a list", "- "),
        ("variables: [a]\ndependencies: []\n", "env.yml:1: variables must be a mapping", "NAME: value"),
        ("variables:\n  A: [1]\ndependencies: []\n", "env.yml:2: the value of A must be a text", "quote"),
        ("variables:\n  A B: 1\ndependencies: []\n", "env.yml:2: 'A B' is not the name", "letters"),
        ("platforms: [noarch]\ndependencies: []\n", "env.yml:1: 'noarch' is not a platform", "linux-64"),
        ("dependencies: []\nname: a\nname: b\n", "env.yml:3: 'name' stands twice", "join"),
        ("dependencies:\n  - pip:\n    - a\n    - -e .\n", "env.yml:4: editable installs", "run NAME"),
        ("dependencies:\n  - pip:\n    - git+https://x/y\n", "env.yml:3: URLs and version control", "wheel"),
        ("dependencies:\n  - pip:\n    - a @ https://x/y.whl\n", "env.yml:3: URLs are refused", "write `a`"),
        ("dependencies:\n  - pip:\n    - ./local\n", "env.yml:3: local paths", "find-links"),
        ("dependencies:\n  - pip:\n    - 'a >> 1'\n", "env.yml:3: 'a >> 1' is not a requirement", "name>=1.0"),
    ],
)
def test_what_is_refused_begins_with_file_and_line(text: str, begins: str, hint: str) -> None:
    error = refused(text)
    assert error.message.startswith(begins)
    assert hint in error.hint


def test_many_aliases_cost_nothing() -> None:
    """A bomb of YAML aliases is looked at node by node, never unfolded."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 30):
        previous = "a" if number == 1 else f"a{number - 1}"
        lines.append(f"a{number}: &a{number} [{', '.join([f'*{previous}'] * 9)}]")
    error = refused("\n".join([*lines, "dependencies: *a29"]))
    assert "a dependency must be a text" in error.message


def test_deep_nesting_is_refused_not_a_crash() -> None:
    assert "not YAML" in refused("dependencies: " + "[" * 5000 + "]" * 5000).message


def test_comment_selectors() -> None:
    text = "\n".join(
        [
            "dependencies:",
            "  - python",
            "  - pywin32  # [win]",
            "  - uvloop  # [unix]",
            "  - only-mac  #[osx and arm64]",
            "  - not-linux  # [not linux]",
            "  - some  # [linux64 or (osx and x86_64)]",
            "  - kept  # [see the docs]",
            "  - py-old  # [py27]",
        ]
    )
    linux = parse(text)
    assert linux.specs == ("python", "uvloop", "some", "kept", "py-old")
    assert [warning.message.split(":")[1] for warning in linux.warnings] == ["8", "9"]
    assert parse(text, "win-64").specs == ("python", "pywin32", "not-linux", "kept", "py-old")
    assert parse(text, "osx-arm64").specs == ("python", "uvloop", "only-mac", "not-linux", "kept", "py-old")


def test_dictionary_selectors() -> None:
    text = "dependencies:\n  - sel(win): pywin32\n  - sel(unix): uvloop\n  - sel(linux): a <2\n"
    assert parse(text).specs == ("uvloop", "a <2")
    assert parse(text, "win-64").specs == ("pywin32",)


def test_lines_stay_true_below_a_dropped_line() -> None:
    assert refused("dependencies:\n  - gone  # [win]\n  - 1.5\n").message.startswith("env.yml:3:")


def test_markers_follow_the_files_python_and_the_platform() -> None:
    text = """
dependencies:
  - python={python}
  - pip:
    - tomli ; python_version < "3.11"
    - pywin32 ; sys_platform == "win32"
    - six
"""
    assert parse(text.format(python="3.10")).pip_specs == ("pypi::tomli", "pypi::six")
    assert parse(text.format(python="3.12"), "win-64").pip_specs == ("pypi::pywin32", "pypi::six")
    assert parse(text.format(python="3.12")).warnings == ()


def test_a_marker_on_an_open_python_is_told() -> None:
    parsed = parse('dependencies:\n  - pip:\n    - tomli ; python_version < "3"\n')
    assert parsed.pip_specs == ()
    assert "left out as for Python" in parsed.warnings[0].message
    text = 'dependencies:\n  - pip:\n    - tomli ; python_version < "3.11"\n'
    known = parse_environment_yml(text, subdir="linux-64", python="3.10")
    assert known.pip_specs == ("pypi::tomli",) and known.warnings == ()


def test_pip_section_reads_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "req.txt").write_text("six>=1\n")
    text = "dependencies:\n  - pip:\n    - -r req.txt\n    - flask\n"
    assert parse(text, path=str(tmp_path / "env.yml")).pip_specs == ("pypi::six>=1", "pypi::flask")


def test_exact_export_reads_back_as_the_same_packages(records: list[RepodataRecord]) -> None:
    text = export_yaml(records, ["numpy"], ["conda-forge"], {"A": "yes", "B": "1"}, "work", exact=True)
    assert yaml.safe_load(text) == {
        "name": "work",
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": ["numpy=1.26.4=py311h_2", "python=3.11.7", {"pip": ["torch==2.3.0"]}],
        "variables": {"A": "yes", "B": "1"},
    }
    parsed = parse(text)
    assert parsed.specs == ("numpy=1.26.4=py311h_2", "python=3.11.7")
    assert parsed.pip_specs == ("pypi::torch==2.3.0",)
    assert parsed.variables == {"A": "yes", "B": "1"}
    assert (parsed.channels, parsed.default_channels, parsed.name) == (("conda-forge",), False, "work")


def test_requested_export_keeps_what_was_asked(records: list[RepodataRecord]) -> None:
    requested = ["numpy >=1", "pypi::torch[x]>=2", "interpreter::python=3.11", "numpy >=1"]
    text = export_yaml(records, requested, [], {}, None, exact=False)
    assert yaml.safe_load(text) == {
        "channels": ["nodefaults"],
        "dependencies": ["numpy >=1", "python=3.11", {"pip": ["torch[x]>=2"]}],
    }


def test_no_secret_of_a_channel_is_written(records: list[RepodataRecord]) -> None:
    channels = ["https://user:secret@channel.example/mine", "https://channel.example/t/tk-secret/private"]
    text = export_yaml(records, [], channels, {}, None, exact=True)
    assert "secret" not in text
    assert parse(text).channels == ("https://channel.example/mine", "https://channel.example/private")
