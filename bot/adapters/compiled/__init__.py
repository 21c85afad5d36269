"""The engine's loop as machine code, compiled once and kept in a folder of the user's cache."""
