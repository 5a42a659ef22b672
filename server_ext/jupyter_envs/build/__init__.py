"""Recipes to packages to channels, on the engine: what we build with is what users get. ``Builder`` is its public face.

Rendering (``recipe``) is pure: text and variants in, one ``RenderedRecipe`` out. Everything that acts takes that value.
"""
