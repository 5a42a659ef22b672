"""Changing a prefix so that a kill at any moment leaves exactly the old or exactly the new environment."""
