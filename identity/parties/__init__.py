"""Keys of the other side: who signed something, and to whom it is encrypted."""
