"""The rules of a petition: its text, its words, its names and its consent."""
