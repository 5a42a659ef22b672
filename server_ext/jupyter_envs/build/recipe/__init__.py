"""From the text of a recipe to ``RenderedRecipe`` values. Pure but for reading the recipe's own folder."""
