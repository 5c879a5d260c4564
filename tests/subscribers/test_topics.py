"""Topics are called by a name in each language, and readers do without those they choose."""

import pytest

from newsletter.db import Database
from subscribers import topics
from subscribers.errors import SubscriberError
from subscribers.models import Topic, TopicName
from tests.subscribers.test_groups import readers


def test_a_reader_does_without_topics_and_a_new_one_comes_by_itself(database: Database) -> None:
    with database.write() as session:
        ana, ben = readers(session, 2)
        housing, courts = (topics.make(session, {"en": name}).id for name in ("Housing", "Courts"))
        topics.choose(session, ana, wanted={courts}, unwanted={housing, 999})
        assert (topics.unwanted(session, ana), topics.unwanted(session, ben)) == ({housing}, set())
        youth = topics.make(session, {"en": "Youth"}).id
        assert topics.unwanted(session, ana) == {housing}
        topics.choose(session, ana, wanted={housing, youth}, unwanted={courts})
        topics.choose(session, ana, wanted=(), unwanted={courts})
        assert topics.unwanted(session, ana) == {courts}


def test_names_are_changed_language_by_language(database: Database) -> None:
    with database.write() as session:
        topic = topics.make(session, {"en": " Housing ", "es": "Vivienda", "ar": ""}).id
    with database.write() as session:
        found = topics.find(session, topic)
        with pytest.raises(SubscriberError):
            topics.call(found, {"en": " "})
        topics.call(found, {"es": "La vivienda", "ar": "السكن"})
    with database.read() as session:
        names = {name.language: name.name for name in topics.find(session, topic).names}
    assert names == {"es": "La vivienda", "ar": "السكن"}


@pytest.mark.parametrize(("language", "tag"), [("es", "es"), ("vi", "en")])
def test_a_topic_without_a_name_in_the_language_says_in_which_it_is(language: str, tag: str) -> None:
    topic = Topic(names=[TopicName(language="en", name="Housing"), TopicName(language="es", name="Vivienda")])
    assert topics.called(topic, language).language == tag
    assert topics.called(Topic(names=[TopicName(language="ar", name="السكن")]), language) == ("السكن", "ar")
