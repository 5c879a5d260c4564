"""The room of what we say: resources, issues, their texts in every language, and how they are rendered.

Imports neither `newsletter` nor `subscribers`. Every function is plain and synchronous and gets what it
needs as arguments: a session, the time, a way to fetch.
"""
