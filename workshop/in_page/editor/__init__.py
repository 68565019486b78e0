"""The editor of the cells: what it is made of, and the bundle that the book has of it."""
