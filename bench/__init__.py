"""Benchmarks: each figure against a floor measured in the same run, one JSON line each."""
