"""Packages older than paths.json."""

from __future__ import annotations

from jupyter_envs.engine.archive.legacy import DEFAULT_PLACEHOLDER, legacy_paths, parse_has_prefix


def test_has_prefix_in_both_forms() -> None:
    text = 'bin/a\n"/opt/long placeholder" "binary" "lib/b c"\n/opt/p text etc/d\n'
    assert parse_has_prefix(text) == {
        "bin/a": (DEFAULT_PLACEHOLDER, "text"),
        "lib/b c": ("/opt/long placeholder", "binary"),
        "etc/d": ("/opt/p", "text"),
    }


def test_what_paths_json_would_have_said() -> None:
    entries = legacy_paths("bin/a\nbin/l\nlib/n\n", "bin/a\n", "lib/n\n", frozenset({"bin/l"}))
    assert [(one.path, one.path_type, one.file_mode, one.no_link) for one in entries] == [
        ("bin/a", "hardlink", "text", None),
        ("bin/l", "softlink", None, None),
        ("lib/n", "hardlink", None, True),
    ]
    assert entries[0].prefix_placeholder == DEFAULT_PLACEHOLDER
