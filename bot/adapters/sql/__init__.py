"""SQLite: schema, record and ledger."""
