"""Benchmarks of the bot; `python -m benchmarks` runs them all.

A new benchmark is a file with a `Benchmark` in it and a line in `registry.py`. No benchmark
asserts a time: numbers are valid only on the machine where they were measured.
"""
