"""How the sender of a request proves who it is, or that it holds a key."""
