"""What every `--json` document holds, as types that a schema is made of."""
