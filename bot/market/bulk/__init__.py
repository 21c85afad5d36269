"""Columns of years at once, point in time, by the kernels that the daemon's single slot uses."""
