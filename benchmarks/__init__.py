"""Measurements of the replay, each as a ratio to something that runs beside it."""
