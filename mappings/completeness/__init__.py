"""What a reviewer needs for a scope and reason, and what a case holds of it. Pure; see `assess.completeness`."""
