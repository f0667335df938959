"""Pages of opinions and leads."""
