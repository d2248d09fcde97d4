"""Benchmarks: the same work done in two ways, side by side in one run; what counts is the ratio."""
