"""Slides and blocks as things: the laboratory's policy, how long originals are kept, releases, and the record."""
