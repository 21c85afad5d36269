"""Kernels: each a function of arrays, interpreted and compiled alike."""
