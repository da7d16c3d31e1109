"""What the environment says: settings of each program, and how they log."""
