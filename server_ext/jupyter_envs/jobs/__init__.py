"""Durable jobs: every change runs in a child process whose state, log and events any process can read.

On disk, below ``<root>``::

    jobs/jobs.sqlite          one row per job (``store``)
    jobs/<id>.events.jsonl    what it reported, one JSON line each (``events``)
    jobs/<id>.log             what it and its children printed
    plans/<plan_id>.json      plans that can still be executed (``plans``)
"""
