"""The exercise of the page of thirty minutes."""
