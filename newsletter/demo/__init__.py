"""The story that `make demo` tells, on real parts: a site to import from, and a mail server that catches."""
