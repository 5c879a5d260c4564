"""Ways out: each speaks one protocol, and knows nothing of mailings and books."""
