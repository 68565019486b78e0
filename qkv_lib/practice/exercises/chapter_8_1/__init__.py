"""The exercises of chapter 8.1."""
