"""The agent: a live gateway as a service, and how shells talk to it over a UNIX socket."""
