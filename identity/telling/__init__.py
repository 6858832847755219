"""Apps are told: at their address, and when a sign-in ended."""
