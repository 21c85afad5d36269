"""Composition root and drivers: the daemon, the replay, the audit, the demo."""
