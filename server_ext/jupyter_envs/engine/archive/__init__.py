"""``.conda``, ``.tar.bz2`` and ``.whl`` archives become one and the same kind of extracted package directory."""
