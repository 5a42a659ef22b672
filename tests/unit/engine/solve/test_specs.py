"""What people write for a package, and how a typo is pointed at."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.solve.specs import parse_spec, parse_specs
from jupyter_envs.errors import SpecError


@pytest.mark.parametrize(
    ("text", "name", "match", "source"),
    [
        ("numpy", "numpy", "numpy", ""),
        ("NumPy >=2", "numpy", 'numpy[version=">=2"]', ""),
        ("numpy=1.26", "numpy", 'numpy[version="1.26.*"]', ""),
        ("numpy=1.0=py_0", "numpy", 'numpy[version="==1.0",build="py_0"]', ""),
        ("python 3.11", "python", 'python[version="==3.11"]', ""),
        ("numpy=2.*", "numpy", 'numpy[version="2.*"]', ""),
        ("conda-forge::numpy>=2", "numpy", 'numpy[version=">=2"]', "conda-forge"),
        ("conda-forge/noarch::six", "six", 'six[subdir="noarch"]', "conda-forge"),
        ("conda-forge/linux-64::a>=1", "a", 'a[version=">=1",subdir="linux-64"]', "conda-forge"),
        ("a[channel='conda-forge',version='>=2']", "a", 'a[version=">=2"]', "conda-forge"),
        ("https://host.example/ch::a", "a", "a", "https://host.example/ch"),
        ("pypi::Requests>=2", "requests", 'requests[version=">=2"]', "pypi"),
        ("interpreter::python=3.11", "python", 'python[version="3.11.*"]', "interpreter"),
    ],
)
def test_a_request_is_read(text: str, name: str, match: str, source: str) -> None:
    spec = parse_spec(text)
    assert (spec.name, spec.match, spec.source) == (name, match, source)


def test_extras_belong_to_the_index() -> None:
    assert parse_spec("pypi::pandas[excel]>=2").extras == ("excel",)
    with pytest.raises(SpecError) as raised:
        parse_spec("pandas[excel]>=2")
    assert raised.value.hint == 'extras belong to the Python index: write "pypi::pandas[excel]>=2"'


@pytest.mark.parametrize(
    ("text", "under", "hint"),
    [
        ("numpy=1.*.3", "1.*.3", "use a range"),
        ("numpy>>2", ">>2", "a request looks like"),
        ("numpy=>2", "=>2", "write >= or <="),
        ("nu mpy", "mpy", "two packages are two requests"),
        ("a b c", "b", "two packages are two requests"),
        ("numpy[foo=1]", "foo", "a request looks like"),
        ("foo*", "foo*", "envs search"),
        ("./local", "./local", "envs build"),
        ("/a/folder", "/a/folder", "envs build"),
        ("git+https://host.example/x/y", "git+https://host.example/x/y", "envs build"),
        ("https://host.example/x-1.0-py3-none-any.whl", "https://host.example/x-1.0-py3-none-any.whl", "envs build"),
        ("interpreter::numpy", "numpy", "interpreter::python"),
        ("conda-forge::numpy=1.*.3", "1.*.3", "use a range"),
    ],
)
def test_a_typo_is_pointed_at(text: str, under: str, hint: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse_spec(text)
    error = raised.value
    lines = error.message.splitlines()
    assert lines[1].removeprefix("    ") == text
    marked = lines[2].removeprefix("    ")
    assert text[marked.index("^") :][: len(marked.strip())] == under
    assert set(marked.strip()) <= {"^", "~"}
    assert hint in error.hint
    assert error.exit_code == 2


@pytest.mark.parametrize("text", ["", "  ", "a::", "pypi::"])
def test_a_request_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_spec(text)


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("numpy>=2", "numpy"),
        ("pypi::pandas[excel]>=2", "pypi::pandas[excel]"),
        ("conda-forge::a=1=b", "conda-forge::a"),
    ],
)
def test_without_version_keeps_the_source_and_the_extras(text: str, wide: str) -> None:
    spec = parse_spec(text).without_version()
    assert (spec.text, spec.match, spec.version) == (wide, spec.name, None)


def test_a_request_made_twice_is_one() -> None:
    assert len(parse_specs(["numpy", "numpy", "numpy>=2"])) == 2
