"""Python in the pages of the book: fetched, packed, and asked which cells it can run."""
