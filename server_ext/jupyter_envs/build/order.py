"""Which recipe needs which, and in what order they can be built (pure).

A recipe needs another when one of its requirements or test requirements is a name that the other gives. Refuses cycles,
naming their members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jupyter_envs.build.models import Dependency, RenderedRecipe, Requirements
from jupyter_envs.build.recipe.meta_sections import dependency_name
from jupyter_envs.errors import RecipeError


def key_of(recipe: RenderedRecipe) -> str:
    """Return what tells a rendered recipe from all others: the package (or packages) that come out."""
    return " ".join(f"{output.subdir}/{output.dist}" for output in recipe.outputs)


def needs_graph(recipes: Sequence[RenderedRecipe]) -> dict[str, frozenset[str]]:
    """Return, for each recipe, those that must be built before it; all by their keys, in an order that works.

    Raises
    ------
    RecipeError
        ``recipe.cycle``.
    """
    givers: dict[str, set[str]] = {}
    for recipe in recipes:
        for output in recipe.outputs:
            givers.setdefault(output.name, set()).add(key_of(recipe))
    graph: dict[str, frozenset[str]] = {}
    for recipe in recipes:
        own = {output.name for output in recipe.outputs}
        wanted = _wanted(recipe) - own
        graph[key_of(recipe)] = frozenset(key for name in wanted for key in givers.get(name, ()))
    return {key: graph[key] for key in ordered(graph)}


def _wanted(recipe: RenderedRecipe) -> set[str]:
    found: set[str] = set()
    for needs in (recipe.requirements, *(output.requirements for output in recipe.outputs)):
        found.update(dependency_name(each) for each in _all(needs))
    for output in recipe.outputs:
        found.update(dependency_name(each) for test in output.tests for each in test.requires)
    return found


def _all(needs: Requirements) -> Iterable[Dependency]:
    return (*needs.build, *needs.host, *needs.run)


def ordered(graph: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the keys so that each comes after those it needs; as they were where nothing else is said.

    >>> ordered({"a": frozenset({"b"}), "b": frozenset(), "c": frozenset()})
    ['b', 'a', 'c']
    """
    done: list[str] = []

    def visit(key: str, trail: tuple[str, ...]) -> None:
        if key in trail:
            names = [each.rsplit("/", 1)[-1].rsplit("-", 2)[0] for each in (*trail[trail.index(key) :], key)]
            raise RecipeError(
                f"recipes need each other in a circle: {' -> '.join(names)}",
                hint="take one of these requirements out, or split a recipe in two",
                code="recipe.cycle",
                detail={"cycle": names},
            )
        if key not in done:
            for need in sorted(graph[key]):
                visit(need, (*trail, key))
            done.append(key)

    for key in graph:
        visit(key, ())
    return done


class Progress:
    """What is still to be built, what may be built now, and what cannot be any more. Values in, values out.

    Parameters
    ----------
    graph : mapping
        What each key needs.
    """

    def __init__(self, graph: Mapping[str, frozenset[str]]) -> None:
        self._graph = graph
        self._waiting = list(graph)
        self._running: set[str] = set()
        self._done: set[str] = set()
        self._failed: set[str] = set()

    @property
    def unfinished(self) -> bool:
        """Whether something runs, or may still run."""
        return bool(self._running or self.ready())

    def ready(self) -> list[str]:
        """Return the keys that may be built now, in order."""
        return [key for key in self._waiting if self._graph[key] <= self._done]

    def start(self, key: str) -> None:
        """Note that a key is being built."""
        self._waiting.remove(key)
        self._running.add(key)

    def finish(self, key: str, *, good: bool) -> list[str]:
        """Note how a key ended; return those that can never be built because of it."""
        self._running.discard(key)
        if good:
            self._done.add(key)
            return []
        self._failed.add(key)
        lost: list[str] = []
        while True:
            gone = self._failed | set(lost)
            more = [each for each in self._waiting if each not in lost and self._graph[each] & gone]
            if not more:
                break
            lost += more
        self._waiting = [each for each in self._waiting if each not in lost]
        self._failed.update(lost)
        return lost
