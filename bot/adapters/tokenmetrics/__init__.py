"""The provider: its client and its wire."""
