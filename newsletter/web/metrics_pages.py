"""Figures for Prometheus, made from the database when they are asked for; no label names a person."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery import account
from newsletter.delivery.models import Mailing, MailingState, State
from newsletter.notices import outbox
from newsletter.web.reader_pages import away
from newsletter.web.site import Site
from newsletter.web.tongues import apart
from subscribers import joining
from subscribers.head_counts import first_languages

_GOING = frozenset({MailingState.SENDING, MailingState.PAUSED})
_LATELY = timedelta(days=7)


def make_router(site: Site) -> APIRouter:
    """The route that a Prometheus scrapes, where a token is set for it."""
    router = APIRouter()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(site))

    @router.get("/metrics", name="metrics")
    def metrics(request: Request) -> Response:
        """For who shows the token; for everybody else there is no such page."""
        if not _may_see(site, request):
            raise HTTPException(404)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _may_see(site: Site, request: Request) -> bool:
    token = site.settings.metrics_token
    shown = request.headers.get("Authorization", "")
    return token is not None and secrets.compare_digest(shown.encode(), f"Bearer {token.get_secret_value()}".encode())


class _Figures(Collector):
    """Counts along indexes; what takes long for a long list is remembered as the pages remember it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """All figures, of one moment."""
        with self._site.database.read() as session:
            yield from self._mailings(session)
            yield from self._attempts(session)
            yield from self._mails_and_people(session)

    def _mailings(self, session: Session) -> Iterable[GaugeMetricFamily]:
        rows = session.execute(select(Mailing.state, func.count()).group_by(Mailing.state)).all()
        mailings = dict.fromkeys(MailingState, 0) | dict(rows)
        yield _by("newsletter_mailings", "Mailings by state.", "state", mailings.items())
        since = self._site.clock() - _LATELY
        shown = select(Mailing).where(Mailing.state.in_(_GOING) | (Mailing.finished_at > since)).order_by(Mailing.id)
        deliveries = GaugeMetricFamily(
            "newsletter_deliveries",
            "People of each mailing that goes on or ended within a week, by what became of them.",
            labels=["mailing", "state"],
        )
        for mailing in session.scalars(shown):
            for state, people in sorted(self._tally(session, mailing).items()):
                deliveries.add_metric([str(mailing.id), state], people)
        yield deliveries

    def _tally(self, session: Session, mailing: Mailing) -> Mapping[State, int]:
        memory = self._site.memory
        if mailing.state is MailingState.FINISHED:
            return memory.accounts.of(session, mailing).by_state
        return memory.tallies.of(session, mailing.id)

    def _attempts(self, session: Session) -> Iterable[GaugeMetricFamily]:
        minute = self._site.clock() - timedelta(minutes=1)
        tries = account.attempts_since(session, minute)
        yield GaugeMetricFamily("newsletter_attempts_last_minute", "Tries to hand over a mail.", value=tries)
        doubts = account.count_open_doubts(session)
        yield GaugeMetricFamily("newsletter_doubts_open", "People in doubt, for a person to decide.", value=doubts)

    def _mails_and_people(self, session: Session) -> Iterable[GaugeMetricFamily]:
        now = self._site.clock()
        waiting, oldest = outbox.waiting(session)
        age = (now - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily("newsletter_notices_waiting", "Single mails that have not left.", value=waiting)
        yield GaugeMetricFamily("newsletter_notices_oldest_seconds", "How long the oldest of them waits.", value=age)
        sign_ups = joining.count_waiting(session)
        yield GaugeMetricFamily("newsletter_sign_ups_waiting", "Sign-ups that nobody confirmed yet.", value=sign_ups)
        subscribed = self._site.memory.readers.counted(session, now).people
        states = {"subscribed": sum(subscribed.values())} | away(session)
        yield _by("newsletter_subscribers", "Readers by state.", "state", states.items())
        groups = [(group.language or "others", group.people) for group in apart(first_languages(subscribed))]
        yield _by(
            "newsletter_subscribers_by_language",
            "Subscribed readers by the language they named first; small groups count as others.",
            "language",
            groups,
        )


def _by(name: str, words: str, label: str, figures: Iterable[tuple[str, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, people in sorted(figures):
        family.add_metric([value], people)
    return family
