"""Real parts for tests: a channel, wheels, an index, a web server with faults, and crashes at chosen system calls."""
