"""Time-stamps (RFC 3161): our own authority, and tokens of ours and of others read and checked."""
