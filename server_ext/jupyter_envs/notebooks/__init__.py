"""Notebooks and their environments: written into them, found or built from them, executed in them, checked.

``document`` reads and writes the file, ``lock`` writes the environment into it, ``environment`` finds the one that a
notebook needs or says how to build it, ``answers`` tells that to a program that shows notebooks, ``imports`` and
``check`` compare it with what the cells import, ``execute`` runs them. Above jobs and kernels; what it decides is a
value that the command line, a server or a kernel can show.
"""
