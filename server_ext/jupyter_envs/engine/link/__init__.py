"""Put packages of the cache into a prefix: what goes where (pure), how it gets there, what is recorded of it.

``plan`` decides for one package, ``clobber`` between packages, ``writer`` acts, ``record`` describes the outcome,
``scripts`` runs what a package brings. Nothing here knows of transactions: the writer only ever creates new files.
"""
