"""Jobs that run in the peers' own environment."""
