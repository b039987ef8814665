"""What transfers need: HTTP within bounds, bounded workers; for images a journal on disk, and files that are whole."""
