"""Tables about readers."""

from collections.abc import Mapping

from newsletter.purposes.words import HASH, READERS, TELL_APART, Kind, Reason

KINDS: Mapping[str, Kind] = {
    "subscriber": Kind(
        READERS,
        "Who is on the list",
        "{undo} after they leave; at once where they are erased",
        {
            "id": TELL_APART,
            "address_hash": HASH,
            "sealed_address": Reason("the address", "to write to them"),
            "sealed_name": Reason("the name, where one was given", "to greet them"),
            "languages": Reason("languages, in their order", "to write in their language"),
            "state": Reason("on the list, in a pause, or left", "to write only to who wants it"),
            "left_at": Reason("when they left", "to erase them in time"),
            "plain_text": Reason("whether they want plain text", "to write as they chose"),
            "paused_until": Reason("the day on which a pause ends", "to write again from then on"),
            "off_by_import": Reason("which import took them off the list", "to take it back, until they are erased"),
        },
    ),
    "consent": Kind(
        READERS,
        "By what right they are written to",
        "with the person: {undo} after they leave",
        {
            "id": TELL_APART,
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
            "id": TELL_APART,
            "address_hash": HASH,
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
            "id": TELL_APART,
            "subscriber_id": Reason("who, by number", "to change their address"),
            "address_hash": HASH,
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
            "address_hash": Reason(HASH.what, "so that no import brings back who left"),
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
            "id": TELL_APART,
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
            "id": TELL_APART,
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
            "id": TELL_APART,
            "address_hash": HASH,
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
}
