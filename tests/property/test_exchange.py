"""Laws of exchange: what is exported is the same environment when it is read; a reader refuses, it never crashes."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_envs.engine.exchange.conda_lock import parse_conda_lock
from jupyter_envs.engine.exchange.environment_yml import export_yaml, parse_environment_yml
from jupyter_envs.engine.exchange.explicit import export_explicit, parse_explicit, parse_spec_list
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.exchange.pixi_lock import export_pixi_lock, parse_pixi_lock
from jupyter_envs.engine.exchange.read import sniff_format
from jupyter_envs.engine.exchange.requirements import check_hashes, export_requirements, parse_requirements
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import EnvsError

CHANNEL = "https://channel.example/cf"
SUBDIR = "linux-64"

# Other work shares the processors of a test machine: how long an example takes says nothing.
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

hexadecimal = st.text("0123456789abcdef", min_size=64, max_size=64)
names = st.from_regex(r"[a-z][a-z0-9]{0,6}([-_.][a-z0-9]{1,4}){0,2}", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(\.post[0-9]|rc[0-9])?", fullmatch=True)
builds = st.from_regex(r"[a-z0-9]{1,8}(_[a-z0-9]{1,4})?_[0-9]{1,3}", fullmatch=True)


@st.composite
def conda_records(draw: st.DrawFn) -> RepodataRecord:
    name, version, build = draw(names), draw(versions), draw(builds)
    subdir = draw(st.sampled_from([SUBDIR, "noarch"]))
    fn = f"{name}-{version}-{build}{draw(st.sampled_from(['.conda', '.tar.bz2']))}"
    return RepodataRecord(
        name=name,
        version=version,
        build=build,
        build_number=int(build.rpartition("_")[2]),
        subdir=subdir,
        noarch="generic" if subdir == "noarch" else None,
        fn=fn,
        url=f"{CHANNEL}/{subdir}/{fn}",
        channel=CHANNEL,
        sha256=draw(hexadecimal),
    )


@st.composite
def wheel_records(draw: st.DrawFn) -> RepodataRecord:
    project = draw(st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}(_[a-z0-9]{1,4}){0,2}", fullmatch=True))
    version = draw(versions)
    tags = draw(st.sampled_from(["py3-none-any", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"]))
    fn = f"{project}-{version}-{tags}.whl"
    return RepodataRecord(
        name=draw(names),
        version=draw(versions),
        build=draw(builds),
        subdir="noarch" if tags.endswith("any") else SUBDIR,
        noarch="python",
        fn=fn,
        url=f"https://index.example/{draw(st.integers(0, 9))}/{fn}",
        sha256=draw(hexadecimal),
    )


@st.composite
def interpreter_records(draw: st.DrawFn) -> RepodataRecord:
    version = draw(st.from_regex(r"3\.[0-9]{1,2}\.[0-9]{1,2}", fullmatch=True))
    build = "interpreter_" + draw(st.text("0123456789abcdef", min_size=8, max_size=8)) + "_0"
    part = st.text(string.ascii_letters + string.digits + " ._-+é", min_size=1, max_size=8).filter(
        lambda text: text == text.strip()
    )
    return RepodataRecord(
        name="python",
        version=version,
        build=build,
        subdir=SUBDIR,
        fn=f"python-{version}-{build}.interpreter",
        url="interpreter:///" + "/".join([*draw(st.lists(part, max_size=3)), "python3"]),
        channel="interpreter://",
    )


@st.composite
def environments(draw: st.DrawFn) -> list[RepodataRecord]:
    """Records of one environment: each name once, each URL once, at most one Python of the machine."""
    found = draw(st.lists(st.one_of(conda_records(), wheel_records()), max_size=6, unique_by=lambda r: r.name))
    python = draw(st.one_of(st.none(), interpreter_records()))
    unique = {record.url: record for record in found if record.name != "python"}
    projects = {canonicalize_name(record.fn.split("-")[0]): record for record in unique.values()}
    return [*([python] if python else []), *projects.values()]


def identity(record: RepodataRecord) -> tuple[object, ...]:
    """What a file must keep; the rest is completed from the package itself."""
    return (record.dist, record.build_number, record.subdir, record.fn, record.url, record.sha256)


@LAW
@given(environments())
def test_explicit_export_then_import_is_the_same_environment(records: list[RepodataRecord]) -> None:
    text = export_explicit(records, SUBDIR)
    parsed = parse_explicit(text, subdir=SUBDIR)
    assert [identity(record) for record in parsed.records] == [identity(record) for record in records]
    assert export_explicit(parsed.records, SUBDIR) == text
    assert sniff_format("any.txt", text) == "explicit"


@settings(LAW, max_examples=50)
@given(environments())
def test_pixi_export_then_import_is_the_same_environment(records: list[RepodataRecord]) -> None:
    text = export_pixi_lock(records, [CHANNEL], SUBDIR)
    parsed = parse_pixi_lock(text, subdir=SUBDIR)
    assert sorted(map(repr, map(identity, parsed.records))) == sorted(map(repr, map(identity, records)))
    assert parsed.channels == (CHANNEL,)
    assert sniff_format("pixi.lock", text) == "pixi"


@settings(LAW, max_examples=50)
@given(
    environments(),
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
        st.text(st.characters(blacklist_categories=["Cs", "Cc"], whitelist_characters="\n\t"), max_size=20),
        max_size=4,
    ),
)
def test_exact_yaml_export_then_import_asks_for_the_same_packages(
    records: list[RepodataRecord], variables: dict[str, str]
) -> None:
    text = export_yaml(records, [], ["conda-forge"], variables, "work", exact=True)
    parsed = parse_environment_yml(text, subdir=SUBDIR)
    expected_conda, expected_pip = set(), set()
    for record in records:
        if record.fn.endswith(".whl"):
            project, version = record.fn.split("-")[:2]
            expected_pip.add((canonicalize_name(project), version))
        elif record.url.startswith("interpreter://"):
            expected_conda.add(f"python={record.version}")
        else:
            expected_conda.add(f"{record.name}={record.version}={record.build}")
    assert set(parsed.specs) == expected_conda
    pip = [Requirement(spec.removeprefix("pypi::")) for spec in parsed.pip_specs]
    assert {canonicalize_name(requirement.name) for requirement in pip} == {name for name, _ in expected_pip}
    versions_asked = {canonicalize_name(r.name): r.specifier for r in pip}
    assert all(versions_asked[name].contains(version, prereleases=True) for name, version in expected_pip)
    assert parsed.variables == variables
    assert sniff_format("environment.yml", text) == "yaml"


@LAW
@given(environments())
def test_requirements_export_then_import_pins_the_same_wheels(records: list[RepodataRecord]) -> None:
    parsed = parse_requirements(export_requirements(records), subdir=SUBDIR)
    wheels = [record for record in records if record.fn.endswith(".whl")]
    assert len(parsed.pip_specs) == len(wheels)
    check_hashes(parsed.hashes, records)
    assert sum(map(len, parsed.hashes.values())) == len(wheels)


Reader = Callable[[str], ParsedEnvironment]

READERS: dict[str, Reader] = {
    "yaml": lambda text: parse_environment_yml(text, subdir=SUBDIR),
    "explicit": lambda text: parse_explicit(text, subdir=SUBDIR),
    "specs": parse_spec_list,
    "requirements": lambda text: parse_requirements(text, subdir=SUBDIR, path="/nonexistent/requirements.txt"),
    "conda-lock": lambda text: parse_conda_lock(text, subdir=SUBDIR),
    "pixi": lambda text: parse_pixi_lock(text, subdir=SUBDIR),
}

pieces = st.sampled_from(
    [
        "dependencies:",
        "  - ",
        "pip:",
        "name: x",
        "channels: [a]",
        "variables: {A: 1}",
        "numpy",
        ">=1,<2",
        "@EXPLICIT",
        "https://x/noarch/a-1-0.conda",
        "#" + "a" * 32,
        "# dist: a-1-0 interpreter:///x",
        "# [linux]",
        "-r x.txt",
        "-e .",
        "; python_version<'3'",
        "[extra]",
        "\n",
        "\n    ",
        ": ",
        "&a ",
        "*a",
        "{",
        "]",
        "'",
        "\\\n",
        "version: 6\nenvironments:\n  default:\n    channels: []\n    packages: {}\npackages: []\n",
        "metadata: {platforms: [linux-64]}\npackage: []\n",
        "!!python/object:os.system x",
        "\x00",
        "\ufeff",
        "é",
    ]
)


@pytest.mark.parametrize("name", READERS)
@settings(LAW, max_examples=150)
@given(text=st.one_of(st.text(max_size=200), st.lists(pieces, max_size=14).map("".join)))
def test_a_reader_refuses_with_a_hint_or_reads(name: str, text: str) -> None:
    try:
        parsed = READERS[name](text)
    except EnvsError as error:
        assert error.message and error.hint and error.code
    else:
        assert isinstance(parsed, ParsedEnvironment)


def test_the_readers_cover_every_format() -> None:
    assert {sniff_format(*pair) for pair in (("a.yml", ""), ("a.lock", ""), ("specs.txt", "a"))} <= set(READERS)
    assert Path(__file__).name == "test_exchange.py"
