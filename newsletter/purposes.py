"""Why each column about people is there, and until when: `newsletter.holdings` holds it against the models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Reason(NamedTuple):
    """What a column says, why, and until when where that differs from its table."""

    what: str
    why: str
    until: str = ""


@dataclass(frozen=True)
class Kind:
    """A table about people. Times in braces are filled in by `holdings`."""

    about: str
    title: str
    until: str
    columns: Mapping[str, Reason] = field(repr=False)


READERS, SENDING, DESK = "Readers", "Mailings", "People who work here"

_TELL_APART = Reason("a number of ours", "to tell rows apart")
_HASH = Reason("the address, as a mark that cannot be read back", "to find the person by their address, and to know it")
_BY = Reason("the name of who did it", "so that colleagues can ask them")

KINDS: Mapping[str, Kind] = {
    "subscriber": Kind(
        READERS,
        "Who is on the list",
        "{undo} after they leave; at once where they are erased",
        {
            "id": _TELL_APART,
            "address_hash": _HASH,
            "sealed_address": Reason("the address", "to write to them"),
            "sealed_name": Reason("the name, where one was given", "to greet them"),
            "languages": Reason("languages, in their order", "to write in their language"),
            "state": Reason("on the list, in a pause, or left", "to write only to who wants it"),
            "left_at": Reason("when they left", "to erase them in time"),
            "plain_text": Reason("whether they want plain text", "to write as they chose"),
            "paused_until": Reason("the day on which a pause ends", "to write again from then on"),
        },
    ),
    "consent": Kind(
        READERS,
        "By what right they are written to",
        "with the person: {undo} after they leave",
        {
            "id": _TELL_APART,
            "subscriber_id": Reason("whose it is", "to prove that they agreed"),
            "wording_id": Reason("what they were told", "to prove what they agreed to"),
            "came_by": Reason("by form, import or by hand", "to prove how they agreed"),
            "asked_on": Reason("the day the form was sent", "to prove when they asked"),
            "confirmed_on": Reason("the day they confirmed", "to prove when they agreed"),
            "withdrawn_on": Reason("the day they left", "to prove that it was heeded"),
            "import_id": Reason(
                "which import brought them",
                "to take it back",
                "with the person; until they do something of their own will",
            ),
        },
    ),
    "sign_up": Kind(
        READERS,
        "Who signed up, and has to confirm",
        "{sign_up} after the form was sent last",
        {
            "id": _TELL_APART,
            "address_hash": _HASH,
            "sealed_address": Reason(
                "the address", "to send the mail that asks them", "{sign_up}; until they confirm, where they do"
            ),
            "languages": Reason("languages they chose", "to write in their language"),
            "wording_id": Reason("what the form said", "to prove what they agree to"),
            "asked_at": Reason("when the form was sent", "to forget it in time"),
            "group_id": Reason("whose own page held the form, by number", "to put them into that group"),
        },
    ),
    "address_change": Kind(
        READERS,
        "Who wants it to come to another address, and has to confirm at both",
        "{change} after it was asked for; with the person, where they leave before",
        {
            "id": _TELL_APART,
            "subscriber_id": Reason("who, by number", "to change their address"),
            "address_hash": _HASH,
            "sealed_address": Reason(
                "the new address", "to ask there, and to write to it then", "{change}; until it is changed, where it is"
            ),
            "asked_at": Reason("when it was asked for", "to forget it in time"),
            "old_agrees": Reason("whether the old mailbox said yes", "so that nobody else takes it away"),
            "new_agrees": Reason("whether the new mailbox said yes", "so that nobody else is written to"),
        },
    ),
    "group_member": Kind(
        READERS,
        "Which groups of ours a reader is in, such as press",
        "with the person: {undo} after they leave; or until the list keeper takes them out",
        {
            "group_id": Reason("which group", "to write to that group alone"),
            "subscriber_id": Reason("who, by number", "to write to them with their group"),
        },
    ),
    "unwanted_topic": Kind(
        READERS,
        "Topics that a reader does without",
        "with the person: {undo} after they leave; or until they want it again",
        {
            "topic_id": Reason("which topic", "to spare them newsletters about it"),
            "subscriber_id": Reason("who, by number", "to know whom to spare them"),
        },
    ),
    "mailed_day": Kind(
        READERS,
        "That a form sent mail to an address",
        "{mailed}",
        {
            "address_hash": Reason(
                "the address without what follows a plus, as a mark that cannot be read back",
                "to count mails that end up in one mailbox together",
            ),
            "kind": Reason("which form", "to bound the mails of each"),
            "day": Reason("the day", "so that nobody can fill somebody's mailbox"),
        },
    ),
    "suppression": Kind(
        READERS,
        "Whom not to write to",
        "for good, unless they come back by themselves",
        {
            "address_hash": Reason(_HASH.what, "so that no import brings back who left"),
            "reason": Reason("left, bounced or complained, here or where an import came from", "to say why"),
            "day": Reason("the day", "to say since when"),
            "noted_on": Reason("the day it was written into the journal", "so that each is written there, once"),
        },
    ),
    "import_piece": Kind(
        READERS,
        "Files with people that wait to be imported",
        "until its people are on the list, {import_file} at most",
        {
            "id": _TELL_APART,
            "import_id": Reason("which import", "to find the file"),
            "number": Reason("the place in the file", "to put it together"),
            "mark": Reason("noise", "it is part of the encryption"),
            "sealed_piece": Reason("a part of the file, as somebody gave it", "to read the people in it"),
        },
    ),
    "import_batch": Kind(
        READERS,
        "People of such a file, as they were read",
        "until they are on the list, {import_file} at most",
        {
            "id": _TELL_APART,
            "import_id": Reason("which import", "to find them"),
            "part": Reason("the beginning of their hash", "to add them quickly"),
            "people": Reason("how many", "to say how far it is"),
            "mark": Reason("noise", "it is part of the encryption"),
            "sealed_people": Reason("addresses, names, languages and how they stand", "to put them on the list"),
        },
    ),
    "import_label": Kind(
        READERS,
        "Whom an import put into a group",
        "{import_undo} after it",
        {
            "import_id": Reason("which import", "to take it back"),
            "subscriber_id": Reason("who, by number", "to take it back"),
        },
    ),
    "notice": Kind(
        READERS,
        "Single mails that wait to leave, to readers and to people who work here",
        "until it is sent, {notice} at most",
        {
            "id": _TELL_APART,
            "address_hash": _HASH,
            "sealed_address": Reason("the address", "to send it"),
            "sealed_values": Reason("what fills the mail, such as a link", "to write it"),
            "template": Reason("which mail", "to write it"),
            "language": Reason("its language", "to write it"),
            "created_at": Reason("since when it waits", "to give it up in time"),
            "tries": Reason("how often it was tried", "to wait longer each time"),
            "retry_at": Reason("when it is tried next", "to try again"),
            "turned_away_at": Reason("when the mail server had no room for it", "to let it go before a mailing"),
        },
    ),
    "delivery": Kind(
        SENDING,
        "Who was to get a mailing, and what came of it",
        "for good; it is about nobody once the person is not named in it",
        {
            "id": _TELL_APART,
            "mailing_id": Reason("which mailing", "to account for it"),
            "subscriber_id": Reason(
                "the person, by number",
                "so that nobody gets it twice and nobody is forgotten",
                "{receivers} after the mailing ended; until they are erased, where that is earlier",
            ),
            "edition_id": Reason("which language they got", "to account for each language"),
            "state": Reason("what came of it", "to account for everyone"),
            "generation_id": Reason("which run of the program has it", "to go on after a crash"),
            "tries": Reason("how often it was tried", "to wait longer each time"),
            "retry_at": Reason("when it is tried next", "to try again"),
            "reason": Reason(
                "why it did not arrive, without addresses",
                "to find out what is wrong",
                "{replies} after the mailing ended; then only its kind is kept",
            ),
            "settled": Reason("what was decided about a doubt", "to decide it once"),
        },
    ),
    "attempt": Kind(
        SENDING,
        "Each try to deliver a mail",
        "for good; it is about nobody once its delivery is",
        {
            "id": _TELL_APART,
            "delivery_id": Reason("which delivery", "to know what was tried"),
            "generation_id": Reason("which run of the program tried", "to go on after a crash"),
            "started_at": Reason("when it began", "to know what was on its way"),
            "ended_at": Reason("when it ended", "to measure how fast it goes"),
            "code": Reason("the mail server's answer, as a number", "to know what came of it"),
            "text": Reason("its words, without addresses", "to find out what is wrong", "{replies}"),
        },
    ),
    "daybook_line": Kind(
        SENDING,
        "What a sender notes while mails leave",
        "for a second or two; after a crash, until the next one starts",
        {
            "id": _TELL_APART,
            "generation_id": Reason("which run of the program", "to go on after a crash"),
            "written_at": Reason("when", "to know what was on its way"),
            "departed": Reason("which deliveries leave", "so that nobody gets it twice"),
            "accepted": Reason("mail servers' answers, without addresses", "to account for everyone"),
        },
    ),
    "waiting_domain": Kind(
        SENDING,
        "Mail domains that turned our mail away",
        "until the mailing ends, {replies} at most",
        {
            "mailing_id": Reason("which mailing", "to ask them again in it"),
            "domain_hash": Reason("the domain, as a mark that cannot be read back", "to know it among the recipients"),
            "until": Reason("until when it waits", "to ask it again then"),
            "tries": Reason("how often it waited", "to wait longer each time"),
            "people": Reason("how many were turned away", "to stop where it is many"),
            "seen": Reason("whether somebody knows of it", "to stop once for it, not again and again"),
        },
    ),
    "member": Kind(
        DESK,
        "Who works here, or did",
        "for as long as the newsletter: what they wrote keeps their name",
        {
            "id": _TELL_APART,
            "address_hash": _HASH,
            "sealed_address": Reason("the address", "to sign in, and to write to them"),
            "name": Reason("the name that colleagues see", "to sign what they do"),
            "role": Reason("what they may do", "to let them do only that"),
            "languages": Reason("languages they translate into", "to let them change only these"),
            "password": Reason("the password, as a hash", "to sign in"),
            "joined_at": Reason("since when", "to know who was here when"),
            "ended_at": Reason("until when", "to let them in no more"),
        },
    ),
    "passkey": Kind(
        DESK,
        "Ways to sign in without a password",
        "until they take it away",
        {
            "id": _TELL_APART,
            "member_id": Reason("whose it is", "to sign in"),
            "credential": Reason("its name on their device", "to sign in"),
            "public_key": Reason("the public half of its key", "to sign in"),
            "signatures": Reason("how often it was used", "to notice a copy"),
            "name": Reason("what they call it", "to know it again"),
            "added_at": Reason("since when", "to know it again"),
        },
    ),
    "desk_session": Kind(
        DESK,
        "Browsers that are signed in",
        "until they sign out, or {session} after the last visit",
        {
            "id": _TELL_APART,
            "member_id": Reason("whose it is", "to keep them signed in"),
            "token_hash": Reason("the cookie, as a hash", "to keep them signed in"),
            "browser": Reason("which browser, in two words", "to know it again in the list"),
            "began_at": Reason("since when", "to know it again"),
            "seen_at": Reason("the last visit", "to end it in time"),
        },
    ),
    "invitation": Kind(
        DESK,
        "Links that let somebody in",
        "until it is used, or until the next invitation after its end",
        {
            "id": _TELL_APART,
            "token_hash": Reason("the link, as a hash", "to know it when it is opened"),
            "role": Reason("what they will be", "to give them that role"),
            "languages": Reason("languages they will translate into", "to give them these"),
            "invited_by": Reason("who invited, by number", "so that colleagues can ask them"),
            "member_id": Reason("whose new password it is for", "to change only that"),
            "ends_at": Reason("until when it opens", "to end it in time"),
        },
    ),
    "deed": Kind(
        DESK,
        "What was done at the desk",
        "for good: it is the audit",
        {
            "id": _TELL_APART,
            "at": Reason("when", "to look it up"),
            "member_id": Reason("who, by number", "to look it up"),
            "what": Reason("what", "to look it up"),
            "about": Reason("about what: a number or a name of ours, never an address", "to look it up"),
        },
    ),
    "edit": Kind(
        DESK,
        "The history of an issue",
        "for as long as the issue",
        {
            "id": _TELL_APART,
            "issue_id": Reason("which issue", "to keep its history"),
            "revision": Reason("the number of the change", "to keep its order"),
            "what": Reason("what kind of change", "to tell it"),
            "passage_key": Reason("which passage", "to show and undo it"),
            "language": Reason("which language", "to show and undo it"),
            "fields": Reason("the text", "to show and undo it"),
            "by": _BY,
            "at": Reason("when", "to tell it"),
        },
    ),
    "wording": Kind(
        DESK,
        "A text of an issue, and who approved it",
        "for as long as the issue",
        {
            "id": _TELL_APART,
            "passage_id": Reason("which passage", "to find it"),
            "language": Reason("its language", "to find it"),
            "fields": Reason("the text", "it is what goes out"),
            "source_digest": Reason("which text it was made from", "to know when it is out of date"),
            "approved_by": Reason("the name of who approved", "so that colleagues can ask them"),
            "approved_at": Reason("when", "to know what was approved"),
            "revision": Reason("its last change", "to keep the order"),
        },
    ),
    "waiver": Kind(
        DESK,
        "What somebody let pass although a check warned",
        "for as long as the issue",
        {
            "id": _TELL_APART,
            "issue_id": Reason("which issue", "to let it go out"),
            "check": Reason("which check", "to let it go out"),
            "language": Reason("which language", "to let it go out"),
            "reason": Reason("why, in their words", "so that others understand"),
            "by": _BY,
            "at": Reason("when", "to look it up"),
        },
    ),
}
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
