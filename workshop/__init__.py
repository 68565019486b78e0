"""What makes and publishes the book and is no test: notebooks, pages, print, pictures, memory."""
