"""An issue is one text file out and in: every text in every language, for any editor.

Two people's edits meet cell by cell (a cell is one passage in one language), and the order of the passages as one:
what only one of them changed is taken, what both changed stays as it is and is said.
"""

from issues.exchange.applying import apply
from issues.exchange.merge import Applied
from issues.exchange.writing import export

__all__ = ["Applied", "apply", "export"]
