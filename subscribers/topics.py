"""Topics: what some newsletters are about. Readers may do without them; who chose nothing gets everything."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers.errors import NotFound, SubscriberError
from subscribers.inserting import insert_new
from subscribers.models import Topic, TopicName, UnwantedTopic
from subscribers.names import tidy

LONGEST = 80


class Called(NamedTuple):
    """A topic's name, and the language that it is in."""

    name: str
    language: str


def topics(session: Session) -> list[Topic]:
    """All topics, the oldest first."""
    return list(session.scalars(select(Topic).where(Topic.removed_at.is_(None)).order_by(Topic.id)))


def find(session: Session, number: int) -> Topic:
    """The topic of this number. Raises NotFound."""
    topic = session.get(Topic, number)
    if topic is None or topic.removed_at:
        raise NotFound("There is no such topic any more.")
    return topic


def make(session: Session, names: Mapping[str, str]) -> Topic:
    """A new topic; `names` are by language. Raises SubscriberError where none is given."""
    topic = Topic()
    call(topic, names)
    session.add(topic)
    session.flush()
    return topic


def call(topic: Topic, names: Mapping[str, str]) -> None:
    """Give the topic these names, and no others. Raises SubscriberError; then nothing was changed."""
    tidied = {language: tidy(name, LONGEST) for language, name in names.items()}
    if not any(tidied.values()):
        raise SubscriberError("A topic needs a name in one language at least.")
    kept = {name.language: name for name in topic.names}
    topic.names = [kept.get(tag, TopicName(language=tag)) for tag, name in tidied.items() if name]
    for name in topic.names:
        name.name = tidied[name.language]


def called(topic: Topic, language: str) -> Called:
    """What the topic is called in this language; where nobody said, in English or whichever there is."""
    known = {name.language: name.name for name in topic.names}
    found = next(tag for tag in (language, "en", *known) if tag in known)
    return Called(known[found], found)


def unwanted(session: Session, subscriber: int) -> set[int]:
    """The numbers of the topics that this reader does without."""
    return set(session.scalars(select(UnwantedTopic.topic_id).where(UnwantedTopic.subscriber_id == subscriber)))


def choose(session: Session, subscriber: int, *, wanted: Collection[int], unwanted: Collection[int]) -> None:
    """This reader wants these topics, and does without those; about any other nothing changes."""
    mine = UnwantedTopic.subscriber_id == subscriber
    session.execute(delete(UnwantedTopic).where(mine, UnwantedTopic.topic_id.in_(wanted)))
    rows = [{"topic_id": topic.id, "subscriber_id": subscriber} for topic in topics(session) if topic.id in unwanted]
    if rows:
        session.execute(insert_new(session, UnwantedTopic), rows)
