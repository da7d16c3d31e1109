"""Side by side with peers: `python -m benchmarks.percolator` and `python -m benchmarks.pipeline` (issue 3).

For development only; not in the wheel. Each run prints its progress on standard error and, with `--json`, one JSON
object as the last line on standard output. Absolute rates move with the machine and what else it does; the ratios to
the peers, which are measured in the same call on the same posts and queries, are what to quote.
"""
