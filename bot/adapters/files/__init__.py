"""Files: record folders and candle folders."""
