"""Laws of prefixes: activation is stable, values survive the shell and the disk, any JSON is a record or refused."""

from __future__ import annotations

import os
import string
import tempfile
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.prefix.activated import run_activation
from jupyter_envs.engine.prefix.activation import PrefixContents, plan_activation
from jupyter_envs.engine.prefix.disk import disk_report
from jupyter_envs.engine.prefix.names import suggest_name, validate_name
from jupyter_envs.engine.prefix.pinned import parse_pinned
from jupyter_envs.engine.prefix.records import RecordName, iter_record_names, parse_dist, read_record_file
from jupyter_envs.engine.prefix.state import UNSET, parse_state, state_text
from jupyter_envs.errors import EnvsError, StorageError
from support.waiting import PATIENCE

# Other work shares the processors of a test machine: how long an example takes says nothing.
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
variable_names = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("_", "SHLVL", "PWD", "OLDPWD", "PATH") and not name.startswith("CONDA_")
)
variables = st.dictionaries(variable_names, texts, max_size=4)
folders = st.from_regex(r"/[a-z]{1,5}(/[a-z]{1,5}){0,3}", fullmatch=True)
paths = st.lists(folders, max_size=4).map(":".join)
contents = st.builds(
    PrefixContents, prefix=folders, variables=variables, conda=st.booleans(), venv=st.booleans()
).filter(lambda value: value.conda or value.venv)
LINUX = layout_for("linux-64")


@LAW
@given(contents, variables, paths, st.sampled_from(["linux-64", "osx-arm64"]))
def test_activating_twice_is_activating_once(
    prefix: PrefixContents, environ: dict[str, str], path: str, subdir: str
) -> None:
    layout = layout_for(subdir)
    once = plan_activation(prefix, layout, {**environ, "PATH": path}).applied_to({**environ, "PATH": path})
    twice = plan_activation(prefix, layout, once, leaving=prefix).applied_to(once)
    assert twice == once


@LAW
@given(contents, contents, variables, paths)
def test_coming_from_another_environment_leaves_nothing_of_it_on_the_path(
    first: PrefixContents, second: PrefixContents, environ: dict[str, str], path: str
) -> None:
    outside = {**environ, "PATH": path}
    inside = plan_activation(first, LINUX, outside).applied_to(outside)
    moved = plan_activation(second, LINUX, inside, leaving=first).applied_to(inside)
    if "PATH" in second.variables:
        return
    entries = moved["PATH"].split(":")
    assert entries[0] == f"{second.prefix}/bin"
    assert entries.count(f"{second.prefix}/bin") == 1
    assert first.prefix == second.prefix or f"{first.prefix}/bin" not in entries
    assert ("VIRTUAL_ENV" in moved) == second.venv
    assert ("CONDA_PREFIX" in moved) == second.conda


@settings(LAW, max_examples=40)
@given(variables, variables)
def test_values_come_through_a_real_shell_unchanged(own: dict[str, str], before: dict[str, str]) -> None:
    outside = {**before, "PATH": os.defpath}
    activation = plan_activation(PrefixContents(prefix="/envs/it's", variables=own), LINUX, outside)
    expected = activation.applied_to(outside)
    # what bash itself sets or refuses is not ours to promise
    shell = {"BASHOPTS", "SHELLOPTS", "UID", "EUID", "PPID", "IFS", "BASH", "LANG", "TZ", "ENV", "POSIXLY_CORRECT"}
    after = run_activation(activation, outside, timeout=PATIENCE)
    for key in (set(own) | set(before)) - shell:
        assert after.get(key) == expected.get(key)


@LAW
@given(st.dictionaries(texts, texts.filter(lambda text: text != UNSET)), st.binary(max_size=20))
def test_state_round_trips_whatever_stood_there_before(values: dict[str, str], before: bytes) -> None:
    assert parse_state(state_text(values, before).encode()) == values


@LAW
@given(st.binary(max_size=60))
def test_any_state_is_read_or_refused(content: bytes) -> None:
    try:
        assert isinstance(parse_state(content), dict)
    except EnvsError as error:
        assert error.hint


@LAW
@given(st.text(max_size=100))
def test_pinned_specs_are_read_the_same_when_written_again(text: str) -> None:
    specs = parse_pinned(text)
    assert parse_pinned("\n".join(specs)) == specs


@LAW
@given(st.text(max_size=90))
def test_a_suggested_name_is_a_valid_name(text: str) -> None:
    assert validate_name(suggest_name(text)) == suggest_name(text)
    try:
        assert validate_name(text) == text
    except EnvsError as error:
        assert validate_name(str(error.detail["suggestion"]))


parts = st.text(string.ascii_lowercase + string.digits + "_.", min_size=1, max_size=6)


@LAW
@given(st.lists(parts, min_size=1, max_size=3).map("-".join), parts, parts)
def test_a_dist_is_taken_apart_as_it_was_put_together(name: str, version: str, build: str) -> None:
    assert parse_dist(RecordName(name, version, build).dist) == (name, version, build)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
fields = st.sampled_from([*PrefixRecord.__struct_fields__, "schannel", "auth"])


@settings(LAW, max_examples=200)
@given(st.dictionaries(fields, json_values, max_size=8))
def test_any_json_is_a_record_or_refused_by_name(raw: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        meta = Path(directory, "conda-meta")
        meta.mkdir()
        path = meta / "pkg-1.0-h_0.json"
        path.write_bytes(msgspec.json.encode(raw))
        assert iter_record_names(directory) == [("pkg", "1.0", "h_0")]
        try:
            record = read_record_file(path)
        except StorageError as error:
            assert error.code == "prefix.record_broken" and str(path) in error.message
        else:
            assert isinstance(record.name, str) and isinstance(record.depends, tuple)


@settings(LAW, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 3)), max_size=12))
def test_totals_over_any_web_of_links_count_each_inode_once(names: list[tuple[int, int, int]]) -> None:
    """``names``: in tree t, a name n of file f; trees are two environments and a cache."""
    with tempfile.TemporaryDirectory() as directory:
        trees = [Path(directory, name) for name in ("one", "two", "cache")]
        for tree in trees:
            tree.mkdir()
        first: dict[int, Path] = {}
        for tree, file, name in dict.fromkeys(names):
            path = trees[tree] / f"{file}-{name}"
            if file in first:
                os.link(first[file], path)
            else:
                path.write_bytes(b"x" * 5000 * (file + 1))
                first[file] = path
        blocks = {os.stat(path).st_ino: os.stat(path).st_blocks * 512 for path in first.values()}
        folders = sum(os.stat(tree).st_blocks * 512 for tree in trees)
        report = disk_report(trees[:2], trees[2:])
        assert report.total == sum(blocks.values()) + folders
        every = (*report.environments, *report.packages)
        assert sum(item.total for item in every) - report.saved == report.total
        assert all(item.unique + item.shared == item.total for item in every)
        assert sum(item.unique for item in every) <= report.total
