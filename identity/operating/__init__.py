"""What operators and owners change: apps, registers, keys."""
