"""How fast the bot is, and what holds it back. `python -m benchmarks` runs all of them.

A new benchmark is a file with a `Benchmark` in it and a line in `registry.py`. None of them
asserts a time: a number is for reading, on the machine it was measured on.
"""
