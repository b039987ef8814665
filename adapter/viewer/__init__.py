"""The case for a person: one self-contained HTML page that needs no network and no script."""
