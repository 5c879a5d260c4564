"""What we hold: every column of every table has its reason, and the page says so to whom it concerns."""

import pytest
from sqlalchemy import Column, MetaData, String, Table

from newsletter import holdings
from newsletter.config import Settings
from newsletter.desk.models import Role
from newsletter.migrations import METADATA
from tests.web.conftest import Web
from tests.web.desk import desk_client


def test_every_column_of_every_table_has_its_reason() -> None:
    held = holdings.report(Settings(receivers_days=77))
    assert {table.about for table in held} == {"Readers", "Mailings", "People who work here"}
    assert not [line for table in held for line in table.lines if not (line.what and line.why and line.until)]
    assert "{" not in str(held)
    whose = next(
        line for table in held for line in table.lines if line.column == "subscriber_id" and "77" in line.until
    )
    assert whose.until == "77 days after the mailing ended; until they are erased, where that is earlier"


def test_a_new_table_or_column_without_a_reason_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    more = MetaData()
    Table("shoe", more, Column("size", String))
    monkeypatch.setattr(holdings, "METADATA", [*METADATA, more])
    with pytest.raises(holdings.Unexplained, match="shoe"):
        holdings.report(Settings())
    grown = METADATA[1].tables["subscriber"].to_metadata(MetaData())
    grown.append_column(Column("shoe_size", String))
    monkeypatch.setattr(holdings, "METADATA", [*METADATA, grown.metadata])
    with pytest.raises(holdings.Unexplained, match="subscriber: shoe_size"):
        holdings.report(Settings())


def test_the_page_is_for_keepers_and_says_what_lies_outside(web: Web) -> None:
    keeper = desk_client(web, Role.LIST_KEEPER).client
    page = keeper.get("/desk/readers/held")
    assert page.status_code == 200
    for words in ("Who is on the list", "encrypted", "keyed hash", "1 day after they leave", *holdings.OUTSIDE):
        assert words in page.text
    assert "/desk/readers/held" in keeper.get("/desk/readers").text
    editor = desk_client(web, Role.EDITOR).client
    assert editor.get("/desk/readers/held").status_code == 403
    assert "/desk/readers/held" not in editor.get("/desk/readers").text
