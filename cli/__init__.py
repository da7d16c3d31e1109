"""The command line: one command a file, and the only place that wires the packages into programs."""
