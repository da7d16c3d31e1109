"""What the weights that ship are learned from."""
