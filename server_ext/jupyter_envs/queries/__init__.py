"""Questions that are slow or load native code, answered by one long-lived child process.

``client`` is the side of whoever asks (the server), ``serve`` the child, ``protocol`` what goes between them: JSON
lines, many questions in flight. ``catalogue`` and its neighbours answer about packages, ``inspection`` about
environments. A crash in native code ends the child, not who asked; the next question starts another.
"""
