"""Learning what `analysis` ships; not part of the product."""
