"""ESP (RFC 2406) as a sans-IO core: security associations that wrap and open octets."""
