"""``jupyter envs …``: one module per group of verbs, loaded when its verb is used.

``main`` dispatches and turns errors into exit codes; ``session`` is what a command works with; ``flow`` runs a change
as a job and shows it; ``output``, ``tables``, ``progress``, ``plan_view`` and ``failures`` are what a person sees.
"""
