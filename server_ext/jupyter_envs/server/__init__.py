"""The Jupyter server extension: environments over REST and events.

``app`` is the extension and its configuration, ``handlers`` the routes, ``wire`` the JSON shapes (pure), ``requests``
what a body means, ``reading`` what is read off the event loop, ``watch`` the events. Changes run as jobs, and whatever
is slow or loads native code in the child of ``jupyter_envs.queries``: neither runs in this process.
"""
