"""Tables about what was sent to whom."""

from collections.abc import Mapping

from newsletter.purposes.words import SENDING, TELL_APART, Kind, Reason

KINDS: Mapping[str, Kind] = {
    "delivery": Kind(
        SENDING,
        "Who was to get a mailing, and what came of it",
        "for good; it is about nobody once the person is not named in it",
        {
            "id": TELL_APART,
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
            "id": TELL_APART,
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
            "id": TELL_APART,
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
}
