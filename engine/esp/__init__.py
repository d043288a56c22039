"""ESP (RFC 2406) and AH (RFC 2402) as a sans-IO core: associations that wrap and open octets."""
