"""hourhand: a headless paper-trading bot with one engine for daemon and replay."""
