"""Laws of linking: prefix replacement, first lines, paths, plans."""

import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_envs.engine.link.directories import needed_directories, refuse_file_as_directory
from jupyter_envs.engine.link.paths import directories_of, validate_path, validate_paths
from jupyter_envs.engine.link.plan import link_target, plan_package
from jupyter_envs.engine.link.prefix_replace import replace_binary, replace_text
from jupyter_envs.engine.link.shebang import fix_shebang, python_shebang
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord
from jupyter_envs.errors import LinkError
from support.settled import settle_new

LINUX, MACOS = layout_for("linux-64"), layout_for("osx-arm64")
OLD = "/opt/placeholder_placehold"
NAME = "[A-Za-z0-9_]"

prefixes = st.text(string.ascii_letters + "/._-", min_size=1, max_size=len(OLD) - 1).map(lambda text: f"/{text}")
pieces = st.lists(st.sampled_from([OLD, OLD[:9], "/lib", ":", "2", "x", "\0", "\0\0", "ü", "-L"]), max_size=24)
segments = st.sampled_from(["a", "b", "..", ".", "", "conda-meta", "x y", "...", "lib", "\0", "\n", "c"])
paths = st.lists(segments, min_size=1, max_size=5).map("/".join)


@given(pieces, prefixes)
def test_binary_replacement_keeps_the_length_and_every_end_of_string(parts: list[str], new: str) -> None:
    data = "".join(parts).encode()
    replaced = replace_binary(data, OLD, new)
    assert len(replaced) == len(data)
    assert all(replaced[at] == 0 for at, byte in enumerate(data) if byte == 0)


@given(pieces, prefixes)
def test_binary_replacement_changes_each_c_string_as_if_it_stood_alone(parts: list[str], new: str) -> None:
    data = "".join(parts).encode()
    replaced = replace_binary(data, OLD, new)
    *strings, tail = data.split(b"\0")
    at = 0
    for text in strings:
        want = re.sub(re.escape(OLD).encode() + b"(?!" + NAME.encode() + b")", lambda match: new.encode(), text)
        assert replaced[at : at + len(text)] == want.ljust(len(text), b"\0")
        at += len(text) + 1
    assert replaced[at:] == tail


@given(pieces, prefixes, st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]))
def test_wide_binary_replacement_keeps_the_length(parts: list[str], new: str, encoding: str) -> None:
    data = "".join(parts).encode(encoding)
    replaced = replace_binary(data, OLD, new)
    assert len(replaced) == len(data)
    wide = OLD.encode(encoding)
    assert data.count(wide) == 0 or "\0" not in "".join(parts) or len(replaced.decode(encoding)) == len("".join(parts))


@given(st.binary(max_size=200), prefixes)
def test_binary_without_the_placeholder_is_untouched(data: bytes, new: str) -> None:
    assume(OLD.encode() not in data)
    assert replace_binary(data, OLD, new) == data


@given(pieces, st.integers(1, 40))
def test_a_longer_prefix_is_refused_or_nothing_is_there_to_replace(parts: list[str], more: int) -> None:
    data = "".join(parts).encode()
    if OLD in "".join(parts):
        with pytest.raises(LinkError):
            replace_binary(data, OLD, OLD + "x" * more)
    else:
        assert replace_binary(data, OLD, OLD + "x" * more) == data


@given(st.lists(st.sampled_from([OLD, "/bin", "\n", "x", "ü", " "]), max_size=20), prefixes)
def test_text_replacement_is_replace(parts: list[str], new: str) -> None:
    text = "=" + "".join(parts)
    assert replace_text(text.encode(), OLD, new, LINUX) == text.replace(OLD, new).encode()


@given(st.lists(st.sampled_from([OLD, "/bin", "x"]), max_size=20))
def test_text_replacement_by_itself_changes_nothing(parts: list[str]) -> None:
    data = "".join(parts).encode()
    assert replace_text(data, OLD, OLD, LINUX) == data


@given(
    st.text(string.ascii_letters + " '\"$`/-ü", min_size=1, max_size=700),
    st.sampled_from(["python3.11", "python", "perl", "sh", "Rscript"]),
    st.sampled_from(["", " -I", " -w -x"]),
    st.sampled_from([LINUX, MACOS]),
)
def test_a_first_line_is_never_longer_than_the_kernel_reads(name: str, program: str, options: str, layout) -> None:
    prefix = f"/p{name}"
    body = b"print(1)\n"
    fixed = fix_shebang(f"#!{prefix}/bin/{program}{options}\n".encode() + body, prefix.encode(), layout)
    line = fixed.split(b"\n", 1)[0]
    assert len(line) <= layout.shebang_limit
    assert fixed.startswith(b"#!/")
    assert fixed.endswith(body)
    interpreter = line[2:].split(b" ")[0]
    assert interpreter in (b"/bin/sh", b"/usr/bin/env", f"{prefix}/bin/{program}".encode())
    assert fix_shebang(fixed, prefix.encode(), layout) == fixed


@given(st.text(string.ascii_letters + " '\"$`/-ü", min_size=1, max_size=300))
def test_a_python_first_line_is_a_comment_or_a_string_to_python(name: str) -> None:
    source = python_shebang(f"/p{name}/bin/python", LINUX) + b"answer = 42\n"
    namespace: dict[str, object] = {}
    exec(compile(source, "script", "exec"), namespace)
    assert namespace["answer"] == 42


@given(st.lists(paths, min_size=1, max_size=6))
def test_checking_many_paths_is_checking_each(many: list[str]) -> None:
    def refused(path: str) -> bool:
        try:
            validate_path(path, "p-1-0")
        except LinkError:
            return True
        return False

    if any(map(refused, many)):
        with pytest.raises(LinkError):
            validate_paths(many, directories_of(many), "p-1-0")
    else:
        validate_paths(many, directories_of(many), "p-1-0")


good = st.lists(st.sampled_from(["a", "b", "lib", "x.py", "__pycache__"]), min_size=1, max_size=4).map("/".join)
entries = st.builds(
    PathsEntry,
    path=st.one_of(
        good, good.map(lambda path: f"site-packages/{path}"), good.map(lambda path: f"python-scripts/{path}")
    ),
    path_type=st.sampled_from(["hardlink", "softlink", "directory", None]),
    prefix_placeholder=st.sampled_from([None, None, "/opt/" + "x" * 50]),
    file_mode=st.sampled_from([None, "text", "binary"]),
    no_link=st.sampled_from([None, True]),
)
packages = st.lists(
    st.tuples(st.lists(entries, max_size=8), st.sampled_from([None, "python", "generic"])), min_size=1, max_size=4
)
TARGET = link_target("/e", LINUX, RepodataRecord(name="python", version="3.11.7", build="0", fn="p", url="x"))


def manifests(described: list[tuple[list[PathsEntry], str | None]]) -> list[PackageManifest]:
    return [
        PackageManifest(
            record=RepodataRecord(name=f"p{number}", version="1", build="0", fn="p", url="x"),
            directory=f"/pkgs/p{number}-1-0",
            paths=tuple(each),
            noarch=noarch,
            entry_points=("a = m:f",) if noarch == "python" else (),
        )
        for number, (each, noarch) in enumerate(described)
    ]


@given(packages)
def test_a_plan_is_a_function_of_its_package(described: list[tuple[list[PathsEntry], str | None]]) -> None:
    once = [plan_package(manifest, TARGET) for manifest in manifests(described)]
    again = [plan_package(manifest, TARGET) for manifest in manifests(described)]
    assert once == again


@given(packages)
def test_a_plan_makes_each_claimed_path_once(described: list[tuple[list[PathsEntry], str | None]]) -> None:
    for manifest in manifests(described):
        plan = plan_package(manifest, TARGET)
        files = [action.path for action in plan.iter_actions() if action.kind != "directory"]
        assert sorted(files) == sorted(plan.claimed)
        assert directories_of(plan.paths()) <= plan.directories


@given(packages)
def test_settled_plans_share_no_path_and_lose_none(described: list[tuple[list[PathsEntry], str | None]]) -> None:
    plans = [plan_package(manifest, TARGET) for manifest in manifests(described)]
    try:
        refuse_file_as_directory(plans, needed_directories(plans))
    except LinkError as error:
        assert error.code == "link.path_conflict"
        return
    before = [set(plan.claimed) for plan in plans]
    changes = settle_new(plans)
    made = [action.path for plan in plans for action in plan.iter_actions() if action.kind != "directory"]
    assert len(made) == len(set(made))
    assert set(made) == set().union(*before)
    for claimed, plan in zip(before, plans, strict=True):
        kept = {action.path for action in plan.iter_actions() if action.kind != "directory"}
        assert claimed == kept | {action.path for action in plan.lost if action.kind != "directory"}
    assert bool(changes.clobbers) == (sum(map(len, before)) > len(made))
