"""Every bound of the provider client in one place, so that nothing waits or grows without one."""

from __future__ import annotations

from typing import Final

MIB: Final = 1 << 20

# One answer. Together these keep what reading it takes below 64 MiB, whatever it holds: text of
# wide characters takes four times its bytes, and a small value hundreds of times its own.
WIRE_BYTES_MAX: Final = 6 * MIB
DECODED_BYTES_MAX: Final = 6 * MIB
JSON_DEPTH_MAX: Final = 32
JSON_ITEMS_MAX: Final = 160_000
# A float64 printed in full has 17 digits; sixty-four characters are no number of a market.
NUMBER_CHARS_MAX: Final = 64
NUMBER_EXPONENT_MAX: Final = 30
NUMBER_EXPONENT_MIN: Final = -60
ROWS_MAX: Final = 5_000
LEVELS_MAX: Final = 10_000
TEXT_CHARS_MAX: Final = 200

# One set of pages.
PAGE_ROWS: Final = 100
PAGES_MAX: Final = 200
SPAN_DAYS_MAX: Final = 29

# Time, in seconds.
CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 10.0
WRITE_TIMEOUT_S: Final = 5.0
ATTEMPT_DEADLINE_S: Final = 30.0
POLL_DEADLINE_S: Final = 600.0
PAUSE_MAX_S: Final = 600.0
AUTH_HOLD_S: Final = 600.0
OUTAGE_HOLD_S: Final = 60.0
CLOCK_SKEW_MAX_S: Final = 120

# Repetition.
ATTEMPTS_MAX: Final = 4
BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MAX_S: Final = 30.0
OUTAGES_MAX: Final = 5
LATENCIES_KEPT: Final = 1_000
