"""Laws of the diff: applied to the old state it gives the new one; a state does not differ from itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.engine.transaction.diff import diff_packages, diff_paths, same_state

NAMES = st.sampled_from(["python", "a", "b", "c", "d"])
PATHS = st.frozensets(st.sampled_from(["p", "q", "r", "s", "t/u"]), max_size=4)


@st.composite
def states(draw: st.DrawFn) -> dict[str, tuple[RepodataRecord, frozenset[str]]]:
    """Packages by name, each with the paths it brings."""
    state = {}
    for name in draw(st.lists(NAMES, unique=True)):
        version = draw(st.sampled_from(["1.0", "1.1", "2.0"]))
        noarch = None if name == "python" else draw(st.sampled_from([None, "python"]))
        record = RepodataRecord(
            name=name, version=version, build="0", noarch=noarch, fn=f"{name}-{version}-0.conda", url=""
        )
        state[name] = (record, draw(PATHS))
    return state


def linked(state: dict[str, tuple[RepodataRecord, frozenset[str]]]) -> list[PrefixRecord]:
    return [
        PrefixRecord(
            name=record.name,
            version=record.version,
            build=record.build,
            noarch=record.noarch,
            fn=record.fn,
            url="",
            files=tuple(sorted(paths)),
        )
        for record, paths in state.values()
    ]


def tree(state: dict[str, tuple[RepodataRecord, frozenset[str]]], order: list[str]) -> dict[str, str]:
    """Which package has each path: the later in order."""
    owner = {}
    for name in order:
        if name in state:
            record, paths = state[name]
            owner.update(dict.fromkeys(paths, record.dist))
    return owner


@given(states(), states())
def test_applying_the_diff_of_packages_gives_the_new_state(before: dict, after: dict) -> None:
    wanted = [record for record, _ in after.values()]
    diff = diff_packages(linked(before), wanted)
    result = [record.repodata() for record in diff.keep] + list(diff.link)
    assert same_state(result, wanted)
    assert {record.name for record in diff.unlink} | {record.name for record in diff.keep} == set(before)


@given(states())
def test_a_state_does_not_differ_from_itself(state: dict) -> None:
    diff = diff_packages(linked(state), [record for record, _ in state.values()])
    assert diff.changes == ()
    assert diff.link == ()
    assert diff.unlink == ()
    changes = diff_paths(diff, {}, {name: rank for rank, name in enumerate(state)})
    assert (changes.gone, changes.placed, changes.restored) == (frozenset(), {}, {})


@given(states(), states(), st.permutations(["python", "a", "b", "c", "d"]))
def test_applying_the_diff_of_paths_gives_the_new_tree(before: dict, after: dict, order: list[str]) -> None:
    # A package that is the same in both states brings the same paths in both.
    after = {
        name: before[name] if name in before and before[name][0].dist == value[0].dist else value
        for name, value in after.items()
    }
    diff = diff_packages(linked(before), [after[name][0] for name in order if name in after])
    paths = {record.dist: sorted(after[record.name][1]) for record in diff.link}
    changes = diff_paths(diff, paths, {name: rank for rank, name in enumerate(order)})
    result = tree(before, order)
    for path in changes.gone:
        result.pop(path, None)
    result.update(changes.placed)
    result.update(changes.restored)
    assert result == tree(after, order)


@given(states(), states(), st.permutations(["python", "a", "b", "c", "d"]))
def test_every_path_that_is_put_in_was_moved_out_or_free(before: dict, after: dict, order: list[str]) -> None:
    diff = diff_packages(linked(before), [after[name][0] for name in order if name in after])
    paths = {record.dist: sorted(after[record.name][1]) for record in diff.link}
    changes = diff_paths(diff, paths, {name: rank for rank, name in enumerate(order)})
    taken = set(tree(before, order)) - changes.gone
    assert not taken & set(changes.placed)
    assert not taken & set(changes.restored)
