"""Files that describe an environment, to and from values: environment.yml, ``@EXPLICIT``, lock files, requirements."""
