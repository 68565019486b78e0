"""Answers to the exercise of the page of thirty minutes."""
