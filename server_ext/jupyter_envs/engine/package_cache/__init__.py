"""The package cache: conda's layout on disk, populate, manifests, verify, prune, compiled files."""
