"""Tables about the people who work here."""

from collections.abc import Mapping

from newsletter.purposes.words import BY, DESK, HASH, TELL_APART, Kind, Reason

KINDS: Mapping[str, Kind] = {
    "member": Kind(
        DESK,
        "Who works here, or did",
        "for as long as the newsletter: what they wrote keeps their name",
        {
            "id": TELL_APART,
            "address_hash": HASH,
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
            "id": TELL_APART,
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
            "id": TELL_APART,
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
            "id": TELL_APART,
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
            "id": TELL_APART,
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
            "id": TELL_APART,
            "issue_id": Reason("which issue", "to keep its history"),
            "revision": Reason("the number of the change", "to keep its order"),
            "what": Reason("what kind of change", "to tell it"),
            "passage_key": Reason("which passage", "to show and undo it"),
            "language": Reason("which language", "to show and undo it"),
            "fields": Reason("the text", "to show and undo it"),
            "by": BY,
            "at": Reason("when", "to tell it"),
        },
    ),
    "wording": Kind(
        DESK,
        "A text of an issue, and who approved it",
        "for as long as the issue",
        {
            "id": TELL_APART,
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
            "id": TELL_APART,
            "issue_id": Reason("which issue", "to let it go out"),
            "check": Reason("which check", "to let it go out"),
            "language": Reason("which language", "to let it go out"),
            "reason": Reason("why, in their words", "so that others understand"),
            "by": BY,
            "at": Reason("when", "to look it up"),
        },
    ),
}
