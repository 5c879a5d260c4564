"""An issue goes out and comes in: as one text file with every text in every language, or as a sheet of one language.

Two people's edits meet cell by cell (a cell is one passage in one language), and the order of the passages as one:
what only one of them changed is taken, what both changed stays as it is and is said.
"""

from issues.exchange.applying import apply
from issues.exchange.incoming import Given, opened, take_in
from issues.exchange.merge import Applied
from issues.exchange.sheets import sheet
from issues.exchange.tables import to_csv
from issues.exchange.workbooks import to_xlsx
from issues.exchange.writing import export

__all__ = ["Applied", "Given", "apply", "export", "opened", "sheet", "take_in", "to_csv", "to_xlsx"]
