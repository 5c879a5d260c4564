"""What a reader may take along about themselves holds their mailings too, and nobody else's."""

from newsletter import own_data
from subscribers import roll
from subscribers.mailed import Kind, may_mail
from tests.newsletter.conftest import Newsroom
from tests.newsletter.smtp_server import Script, serving


def test_a_reader_takes_along_every_mailing_try_by_try(newsroom: Newsroom) -> None:
    ana, bo = newsroom.add("ana", "bo")
    newsroom.schedule()
    with serving(Script(replies={"rcpt": ["550 5.1.1 nobody is <ana@example.org>"]})) as (_, port):
        newsroom.send_to(port)
    now = newsroom.clock()
    with newsroom.office.database.write() as session:
        assert may_mail(session, roll.known_by(session, ana) or b"", Kind.PREFERENCES, now.date())
    with newsroom.office.database.read() as session:
        held, other = (own_data.everything(session, newsroom.office.vault, who, now, "en") for who in (ana, bo))
        assert own_data.everything(session, newsroom.office.vault, 99, now, "en") is None
    assert held is not None
    assert other is not None
    assert held["mails_because_of_forms"] == [{"form": "preferences", "day": now.date().isoformat()}]
    (mailing,) = held["mailings"]
    (only,) = mailing["tries"]
    assert (mailing["issue"], mailing["language"], mailing["outcome"]) == ("2021-11", "en", "refused")
    assert (only["code"], "ana" in only["words"]) == (550, False)
    assert [mailing["outcome"] for mailing in other["mailings"]] == ["accepted"]
