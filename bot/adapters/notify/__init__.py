"""Where messages go: the log, and a signed webhook."""
