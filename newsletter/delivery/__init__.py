"""Sending: who gets which edition, the bytes of each mail, and the books kept about every person."""
