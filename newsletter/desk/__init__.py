"""The people who work here: accounts, sign-in, sessions, roles, and what they did."""
