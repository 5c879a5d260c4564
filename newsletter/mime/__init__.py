"""The bytes that mails are written in: header fields and quoted-printable text. It knows nobody and sends nothing."""
