"""What an environment was: generations (ours, exact) and ``conda-meta/history`` (conda's, for other tools)."""
