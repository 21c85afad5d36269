"""Pure functions from observations to the columns that the engine reads."""
