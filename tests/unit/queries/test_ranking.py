"""Which names a few typed letters mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.engine.sources.well_known import SUMMARIES
from jupyter_envs.queries.ranking import Names, folded, rank

NAMES = ["numpy", "numpydoc", "scikit-learn", "scikit_image", "python-numpy", "pynumpysome", "zope.interface", "n"]


def found(text: str, limit: int = 10) -> list[str]:
    """Return the ranked matches among some names."""
    names = Names(NAMES)
    return rank(text, names.matching(text, limit), {"scikit-learn"}, limit)


def test_exact_then_beginning_then_a_words_beginning_then_inside() -> None:
    assert found("numpy") == ["numpy", "numpydoc", "python-numpy", "pynumpysome"]
    assert found("NumPy ", 2) == ["numpy", "numpydoc"]


def test_signs_between_words_are_one() -> None:
    assert found("scikit_learn") == found("scikit.learn") == ["scikit-learn"]
    assert found("zope-interface") == ["zope.interface"]


def test_well_known_names_come_first_among_equals() -> None:
    assert found("scikit") == ["scikit-learn", "scikit_image"]


def test_nothing_typed_means_nothing() -> None:
    assert found("  ") == []
    assert found("absent") == []


@given(st.text("abc-_.", min_size=1, max_size=4), st.lists(st.text("abc-_", min_size=1, max_size=6)), st.integers(1, 5))
def test_what_is_ranked_contains_the_text_and_the_best_are_the_same_for_any_limit(
    text: str, names: list[str], limit: int
) -> None:
    held = Names(names)
    everything = rank(text, held.matching(text, 10**6), (), 10**6)
    if folded(text):
        assert all(folded(text) in folded(name) for name in everything)
    assert rank(text, held.matching(text, limit), (), limit) == everything[:limit]


def test_each_well_known_project_has_a_line_about_it() -> None:
    assert len(SUMMARIES) > 400
    assert all(name == name.lower() and summary and len(summary) < 80 for name, summary in SUMMARIES.items())
    assert list(SUMMARIES) == sorted(SUMMARIES)
