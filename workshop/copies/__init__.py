"""The reader's notebooks: the chapters in plain Markdown and HTML, which every viewer shows.

The sources in `book/` are written in MyST, which only the book's build understands. While it
writes the pages, the build writes each notebook once more, with the numbers, citations and links
that the page has (`book/_ext/reader_notebooks.py`); `python -m workshop.copies` lays them into a
folder of the reader's own.
"""
