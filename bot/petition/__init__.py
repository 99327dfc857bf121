"""The rules of a petition: stages, names, consent and goals."""
