"""The live world: one machine's real interfaces, sockets and clock around the same engine."""
