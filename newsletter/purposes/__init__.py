"""Why each column about people is there, and until when: `newsletter.holdings` holds it against the models."""

from collections.abc import Mapping

from newsletter.purposes import desk, mailings, readers
from newsletter.purposes.words import READERS, Kind

__all__ = ["ABOUT_NOBODY", "KINDS", "READERS", "Kind"]

KINDS: Mapping[str, Kind] = {**readers.KINDS, **mailings.KINDS, **desk.KINDS}
"""Every table about people, in the order in which it is told."""

ABOUT_NOBODY: Mapping[str, str] = {
    "issue": "id slug month languages fallback revision covers_until created_at",
    "link_answer": "digest url status tried_at",
    "picture": "name format width height small_width large small added_at",
    "resource": "id kind published_at dismissed_at",
    "resource_text": "id resource_id source_id guid language given_language title summary link image alt pair_key "
    "changed_at given_words",
    "source": "id kind url language etag last_modified modified_until imported_at failure",
    "edition": "id issue_id language subject html text digest frozen_at",
    "kept_apart": "resource_id other_id",
    "passage": "id issue_id key kind position resource_id every_month picture_name",
    "consent_wording": "id language text digest",
    "import": "id state begun_at worked_at merged_at size called encoding columns wording_id agreed_on group_id "
    "rows_read counts",
    "import_note": "id import_id place kind why",
    "head_count": "day state language people",
    "reader_group": "id name slug removed_at",
    "topic": "id removed_at",
    "topic_name": "topic_id language name",
    "pace_minute": "begins taken",
    "pace_turn": "id next_at",
    "generation": "id started_at ended_at",
    "mailing": "id issue_id state due_at zone not_later_than opened_at deadline finished_at note audience "
    "resumed_after",
    "mailing_edition": "mailing_id language position edition_id",
    "journal_place": "id lines beat",
    "draft_day": "day at",
    "habit": "name value",
}
"""Tables that say nothing about anybody, with their columns: a new one must be thought about, too."""
