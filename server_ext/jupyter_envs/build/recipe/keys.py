"""The keys of ``meta.yaml`` that mean something, by section; and those that conda-build knows and we refuse (data)."""

from __future__ import annotations

TOP = frozenset({"package", "source", "build", "requirements", "test", "about", "extra", "outputs", "app"})
PACKAGE = frozenset({"name", "version"})
SOURCE = frozenset(
    {"url", "sha256", "md5", "fn", "path", "git_url", "git_rev", "git_tag", "git_branch", "git_depth", "folder"}
    | {"patches", "sha1", "sha384", "sha512", "path_via_symlink", "no_hoist"}
)
BUILD = frozenset(
    {"number", "string", "script", "noarch", "skip", "entry_points", "run_exports", "ignore_run_exports"}
    | {"ignore_run_exports_from", "script_env", "no_link", "binary_relocation", "has_prefix_files", "rpaths"}
    | {"binary_has_prefix_files", "ignore_prefix_files", "detect_binary_files_with_prefix", "skip_compile_pyc"}
    | {"always_include_files", "missing_dso_whitelist", "missing_dso_allowlist", "runpath_whitelist"}
    | {"runpath_allowlist", "error_overlinking", "error_overdepending", "track_features", "pre-link", "post-link"}
    | {"pre-unlink", "rpaths_patcher", "include_recipe", "force_use_keys", "force_ignore_keys", "noarch_python"}
    | {
        "preserve_egg_dir",
        "disable_pip",
        "python_site_packages_path",
        "python_version_independent",
        "activate_in_script",
    }
)
OUTPUT = frozenset(
    {"name", "version", "number", "entry_points", "script", "script_interpreter", "build", "requirements", "test"}
    | {"about", "extra", "files", "type", "run_exports", "target"}
)
REQUIREMENTS = frozenset({"build", "host", "run", "run_constrained"})
TEST = frozenset({"requires", "commands", "files", "imports", "source_files", "downstreams", "script"})
ABOUT = frozenset(
    {"home", "dev_url", "doc_url", "doc_source_url", "license_url", "license", "summary", "description", "tags"}
    | {"license_family", "identifiers", "keywords", "license_file", "prelink_message", "readme"}
)
RUN_EXPORTS = frozenset({"weak", "strong", "noarch", "weak_constrains", "strong_constrains"})

# Known to conda-build; to pass them over would give another package than the recipe asks for.
REFUSED: dict[str, dict[str, str]] = {
    "source": dict.fromkeys(
        ("hg_url", "hg_tag", "svn_url", "svn_rev", "svn_ignore_externals"), "give the source as an archive or from git"
    ),
    "build": {
        "features": "features are retired; use variants",
        "requires_features": "features are retired; use variants",
        "provides_features": "features are retired; use variants",
        "osx_is_app": "application bundles are not built",
        "msvc_compiler": "only Linux packages are built here",
        "preferred_env": "preferred environments are retired",
        "pin_depends": "use a lock of the environment",
        "merge_build_host": "write the requirements of both into host",
        "overlinking_ignore_patterns": "name the libraries in missing_dso_allowlist",
    },
    "requirements": {"conflicts": "use run_constrained"},
}

RECIPE_YAML_TOP = frozenset(
    {"schema_version", "context", "package", "recipe", "source", "build", "requirements", "tests", "outputs", "about"}
    | {"extra", "cache", "staging"}
)
RECIPE_YAML = RECIPE_YAML_TOP | frozenset(
    {"name", "version", "url", "sha256", "md5", "path", "git", "rev", "tag", "branch", "depth", "lfs", "patches"}
    | {"target_directory", "file_name", "use_gitignore", "filter", "attestation", "expected_commit", "submodules"}
    | {"number", "string", "skip", "noarch", "script", "merge_build_and_host_envs", "always_include_files"}
    | {"always_copy_files", "variant", "use_keys", "ignore_keys", "down_prioritize_variant", "python", "entry_points"}
    | {"skip_pyc_compilation", "use_python_app_entrypoint", "version_independent", "site_packages_path"}
    | {"prefix_detection", "force_file_type", "text", "binary", "ignore", "ignore_binary_files", "post_process"}
    | {
        "dynamic_linking",
        "rpaths",
        "binary_relocation",
        "missing_dso_allowlist",
        "rpath_allowlist",
        "overdepending_behavior",
    }
    | {"overlinking_behavior", "files", "include", "exclude", "host", "run", "run_constraints", "run_exports"}
    | {"ignore_run_exports", "from_package", "by_name", "weak", "strong", "weak_constraints", "strong_constraints"}
    | {"imports", "pip_check", "python_version", "package_contents", "downstream", "perl", "r", "ruby", "lib", "bin"}
    | {"site_packages", "content", "file", "interpreter", "env", "secrets", "cwd", "recipe", "homepage", "repository"}
    | {"documentation", "license", "license_file", "license_family", "summary", "description", "prelink_message"}
    | {"inherit", "strict", "not_exists", "exists", "libraries", "uses"}
)
