"""What a transfer of images needs, whatever the protocol: a journal on disk, bounded workers, files that are whole."""
