"""Kernelspecs of environments in the user's Jupyter data directory: what they say, their names, keeping them in line.

``names`` and ``spec`` decide, ``directory`` reads and writes ``<jupyter data>/kernels``, ``sync`` does what a changed
environment needs. A spec is ours when its metadata says so; no other is ever written or removed.
"""
