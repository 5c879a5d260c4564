"""Single mails that somebody's deed sends: written down with the deed, sent at least once, then forgotten."""
