"""The room of to whom, and by what right: people, consent, suppression, keys.

Imports neither `newsletter` nor `issues`. Addresses and names leave this room only opened by a `Vault`.
"""
