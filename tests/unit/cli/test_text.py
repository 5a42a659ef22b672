"""Text for people: tables, trees, sizes, plans, errors. Pure functions."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.cli.failures import failure_lines, fix_command
from jupyter_envs.cli.past import differences
from jupyter_envs.cli.plan_view import change_rows, cost_text, counts_text, plan_notes
from jupyter_envs.cli.progress import LineView, amount, spoken, title_of
from jupyter_envs.cli.stream import Channel, StreamSurface
from jupyter_envs.cli.tables import cells, counted, fit, human_duration, shorten, table, tree
from jupyter_envs.engine.exchange.additions import absolute_channel
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.events import Event
from jupyter_envs.engine.models.origins import origin_of
from jupyter_envs.engine.models.plan import ChangePlan, PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.solve.conflict import Conflict, ConflictRequest, Fix, Need, UnknownName
from jupyter_envs.errors import SpecError


def record(name: str, version: str = "1.0", build: str = "0", **fields: str) -> RepodataRecord:
    values = {"fn": f"{name}.conda", "url": f"https://c.example/ch/linux-64/{name}.conda", **fields}
    return RepodataRecord(name=name, version=version, build=build, subdir="linux-64", **values)  # type: ignore[arg-type]


def plan(*changes: PackageChange, **fields: object) -> ChangePlan:
    return ChangePlan(
        plan_id="p",
        action="install",
        prefix="/e/a",
        base="",
        records=(),
        requested=(),
        changes=changes,
        **fields,  # type: ignore[arg-type]  # ChangePlan's own fields
    )


# -- tables ---------------------------------------------------------------------------------------------------------


def test_columns_are_aligned_and_end_without_blanks() -> None:
    assert table(["name", "v"], [["a", "10"], ["longer", "1"]]) == ["name    v", "a       10", "longer  1"]


def test_a_table_without_headings_has_none() -> None:
    assert table(["", ""], [["key", "value"]]) == ["key  value"]
    assert table(["", ""], []) == []


def test_wide_characters_take_two_cells() -> None:
    assert table(["name", "x"], [["数据", "y"]]) == ["name  x", "数据  y"]
    assert cells("e\u0301") == 1


text = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60)


@given(st.lists(st.tuples(text, text, text), min_size=1, max_size=6), st.integers(24, 120))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, str, str]], width: int) -> None:
    assert all(cells(line) <= width for line in table(["one", "two", "three"], rows, width))


@given(st.lists(st.integers(1, 200), min_size=1, max_size=8), st.integers(1, 200))
def test_fitting_only_ever_takes(widths: list[int], available: int) -> None:
    fitted = fit(widths, available)
    assert all(0 < new <= old for new, old in zip(fitted, widths, strict=True))
    assert sum(fitted) <= available or max(fitted) <= 4


@given(text, st.integers(1, 80))
def test_what_is_shortened_fits(given_text: str, width: int) -> None:
    assert cells(shorten(given_text, width)) <= width


def test_chains_share_their_beginnings() -> None:
    assert tree([("a", "b", "z"), ("a", "c", "z"), ("z",)]) == ["a", "├── b", "│   └── z", "└── c", "    └── z", "z"]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9949, "9.9 kB"),
        (35_400_000, "35 MB"),
        (999_600, "1.0 MB"),
        (2.5e15, "2 PB"),
    ],
)
def test_bytes(count: float, shown: str) -> None:
    assert human_bytes(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.44, "0.4 s"), (12.2, "12 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert human_duration(seconds) == shown


def test_counts() -> None:
    assert [counted(1, "package"), counted(1200, "package"), counted(2, "entry", "entries")] == [
        "1 package",
        "1,200 packages",
        "2 entries",
    ]


# -- plans ----------------------------------------------------------------------------------------------------------


def test_where_a_package_comes_from_is_one_word() -> None:
    assert origin_of(record("a", channel="https://c.example/forge/")) == "forge"
    assert origin_of(record("a", channel="https://c.example/forge/linux-64")) == "forge"
    assert origin_of(record("a", fn="a-1-py3-none-any.whl", channel="https://index.example/simple")) == "pypi"
    assert origin_of(record("python", fn="p.interpreter", url="interpreter:///usr/bin/python3")) == "interpreter"
    assert origin_of(record("a")) == "file"


def test_losses_come_first_and_a_rebuild_shows_its_builds() -> None:
    rows = change_rows(
        [
            PackageChange(name="new", kind="added", after=record("new")),
            PackageChange(name="built", kind="rebuilt", before=record("built"), after=record("built", build="1")),
            PackageChange(name="old", kind="downgraded", before=record("old", "2"), after=record("old", "1")),
            PackageChange(name="gone", kind="removed", before=record("gone")),
        ]
    )
    assert [row[:3] for row in rows] == [
        ["-", "gone", "1.0"],
        ["↓", "old", "2 → 1"],
        ["~", "built", "1.0 0 → 1.0 1"],
        ["+", "new", "1.0"],
    ]


def test_what_a_plan_comes_to() -> None:
    added = PackageChange(name="a", kind="added", after=record("a"))
    assert counts_text([added, added]) == "2 added"
    assert cost_text(plan(added, download_bytes=35_000_000)) == "35 MB to download, nothing more on disk"
    assert cost_text(plan(added, download_bytes=1, disk_bytes=10)) == "1 B to download, about 10 B more on disk"
    gone = PackageChange(name="b", kind="removed", before=record("b"))
    freed = "nothing to download, 5.0 MB freed (what the package cache shares stays there)"
    assert cost_text(plan(gone, freed_bytes=5_000_000)) == freed
    assert "10 B more on disk, 0 B freed" in cost_text(plan(added, gone, disk_bytes=10))
    assert plan_notes(plan()) == ["nothing to change"]
    unknown = plan(added, scripts_unknown=1)
    assert not [note for note in plan_notes(unknown) if "script" in note]
    assert plan_notes(unknown, ask_scripts=True)[-1].startswith("1 package not downloaded yet may bring scripts; you")
    notes = plan_notes(plan(added, disk_bytes=10, link_scripts=("a",)))
    assert notes == ["1 added: nothing to download, 10 B more on disk", "1 script of packages will run: a"]


def test_what_changed_between_two_generations() -> None:
    before = (record("a"), record("b"), record("c"), record("d"))
    after = (record("a"), record("b", "2.0"), record("c", build="1"), record("e"))
    assert differences(before, after) == ["-d", "b 1.0 → 2.0", "c 0 → 1", "+e 1.0"]


# -- errors ---------------------------------------------------------------------------------------------------------


def test_an_error_is_a_sentence_and_a_hint() -> None:
    assert failure_lines(SpecError("x is wrong", hint="say y"), []) == ["error: x is wrong", " hint: say y"]
    assert failure_lines(SpecError("x is wrong"), []) == ["error: x is wrong"]


def test_a_conflict_names_both_sides_and_commands_that_work() -> None:
    conflict = Conflict(
        requests=(ConflictRequest(text="a", name="a"), ConflictRequest(text="b<2", name="b", kind="pin")),
        needs=(
            Need(request="a", name="b", spec="b >=2", chain=("a 1.0", "m 3", "b 2")),
            Need(request="b<2", name="b", spec="b <2", available=False),
        ),
        fixes=(
            Fix(kind="unpin", request="b<2"),
            Fix(kind="drop", request="a", versions={"b": "1.9"}),
            Fix(kind="python", request="", replacement="python=3.12"),
        ),
    )
    assert failure_lines(conflict.to_error(), ["install", "env", "a"]) == [
        "error: a and the pin 'b<2' cannot go together",
        "   a needs b >=2 (through m 3 → b 2)",
        "   b<2 needs b <2, which no source has",
        " What works:",
        "   remove the line 'b<2' from conda-meta/pinned",
        "   jupyter envs install env",
        "      gives b 1.9",
        "   jupyter envs install env a python=3.12",
    ]


def test_one_request_that_nothing_fulfils_says_why() -> None:
    need = Need(request="a<2", name="a", spec="a <2", available=False, reason="the newest is 3")
    error = Conflict(requests=(ConflictRequest(text="a<2", name="a"),), needs=(need,)).to_error()
    assert failure_lines(error, [])[:1] == [f"error: {error.message}"]
    assert failure_lines(error, [])[1].startswith(" hint: ")
    error.detail["unreachable"] = ["conda-forge"]
    assert failure_lines(error, [])[2:] == [" note: conda-forge cannot be reached"]


def test_a_conflict_without_fixes_still_has_a_hint() -> None:
    error = Conflict(requests=(ConflictRequest(text="a", name="a"),)).to_error()
    assert failure_lines(error, [])[0] == "error: a cannot be installed"
    assert failure_lines(error, [])[-1].startswith(" hint: ")


def test_an_unknown_name_is_corrected_in_the_command() -> None:
    error = Conflict(unknown=(UnknownName(text="nunpy<2", name="nunpy", suggestions=("numpy",)),)).to_error()
    assert failure_lines(error, ["install", "env", "nunpy<2"])[-1] == "   jupyter envs install env numpy"
    assert failure_lines(error, ["install", "env", "--file", "x"])[-1].startswith(" hint: ")


def test_fixes_are_changes_of_what_was_typed() -> None:
    argv = ["install", "env", "a>=2", "b"]
    assert fix_command("widen", "a>=2", "a", argv) == "jupyter envs install env a b"
    assert fix_command("widen", "c=1", "c", argv) == "jupyter envs install env 'a>=2' b c"
    assert fix_command("drop", "b", "", argv) == "jupyter envs install env 'a>=2'"
    assert fix_command("drop", "earlier", "", argv) == "leave out earlier"
    assert argv == ["install", "env", "a>=2", "b"]


# -- progress -------------------------------------------------------------------------------------------------------


def test_amounts() -> None:
    assert (
        amount(Event(kind="progress", phase="fetch", done_bytes=5, total_bytes=2000, eta=4.2))
        == "5 B of 2.0 kB, 4.2 s left"
    )
    assert amount(Event(kind="progress", phase="link", done=1200, total=3000)) == "1,200 of 3,000"
    assert amount(Event(kind="phase", phase="solve", text="choosing")) == "choosing"


def test_what_is_said_aloud() -> None:
    assert spoken(Event(kind="warning", text="careful", hint="so")) == "warning: careful\n   hint: so"
    assert spoken(Event(kind="message", text="planned", data={"plan_id": "x"})) == ""
    assert spoken(Event(kind="progress", phase="link", text="x")) == ""
    assert title_of(Event(kind="phase", phase="link", total=0)) == "unlinking"
    assert title_of(Event(kind="phase", phase="link", total=3)) == "linking"


def test_lines_for_logs_name_each_phase_once(capsys: pytest.CaptureFixture[str]) -> None:
    view = LineView()
    for event in (
        Event(kind="phase", phase="solve"),
        Event(kind="phase", phase="solve", text="again"),
        Event(kind="phase", phase="fetch"),
        Event(kind="progress", phase="fetch", done=1, total=2),
        Event(kind="phase", phase="commit"),
        Event(kind="warning", text="careful"),
    ):
        view.show(event)
    view.close()
    assert capsys.readouterr().err.splitlines() == ["solving…", "downloading…", "warning: careful"]


def test_channels_that_are_folders_become_absolute(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("channels")
    (folder / "mine").mkdir()
    monkeypatch.chdir(folder)
    assert absolute_channel("./mine") == str(folder / "mine")
    assert absolute_channel("mine") == "mine"
    assert absolute_channel("forge/label/dev") == "forge/label/dev"
    assert absolute_channel("https://c.example/x") == "https://c.example/x"


def test_what_a_cell_typed_is_kept_without_logins() -> None:
    typed = "%envinstall -c https://me:secret@host.test/t/tk-1/channel  'a >=1'"
    surface = StreamSurface(Channel(io.StringIO(), {}), typed)
    assert surface.command_line() == "%envinstall -c https://host.test/channel  'a >=1'"
