"""From requests to records, and from a conflict to its explanation with fixes that were tried.

Ask ``run.solve``, ``search.search`` and ``order.topological_order``: nothing is loaded here, since ordering records is
part of changes that need no solver.
"""
