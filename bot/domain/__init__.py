"""Values, instants, exact decimals and errors that every other package shares."""
