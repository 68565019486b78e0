"""The live figures: their arithmetic, their markup, and their use by hand in a browser."""
