"""An address is normalised once, compared by one form and sent in another."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.languages import words
from subscribers.addresses import _validated, envelope, for_lookup, glance, kept_envelope, mailbox, normal
from subscribers.errors import BadAddress


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana.Ruiz@Example.org", "ana.ruiz@example.org"),
        ("  ana@example.org ", "ana@example.org"),
        ("ana@Bücher.example.com", "ana@xn--bcher-kva.example.com"),
        ("jose\u0301@example.org", "jos\u00e9@example.org"),
        ("STRASSE@example.org", "straße@example.org"),
    ],
)
def test_two_spellings_of_one_person_compare_alike(one: str, other: str) -> None:
    assert for_lookup(normal(one)) == for_lookup(normal(other))


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("ana+1@example.org", "Ana@example.org", True),
        ("a.na+1@gmail.com", "an.a@GoogleMail.com", True),
        ("ana+1@bücher.example.com", "ana@xn--bcher-kva.example.com", True),
        ("a.na@example.org", "ana@example.org", False),
        ("+1@example.org", "+2@example.org", False),
    ],
)
def test_spellings_of_one_mailbox_are_known(one: str, other: str, are_one: bool) -> None:
    assert (for_lookup(mailbox(normal(one).text)) == for_lookup(mailbox(normal(other).text))) is are_one


@pytest.mark.parametrize("other", ["ana.b@example.org", "ana@example.com", "ana+b@example.org"])
def test_other_people_compare_differently(other: str) -> None:
    assert for_lookup(normal("ana@example.org")) != for_lookup(normal(other))


def test_the_local_part_is_kept_as_it_was_written() -> None:
    address = normal("Ana.Ruiz@EXAMPLE.org")
    assert (address.local, address.domain_ascii, address.text) == ("Ana.Ruiz", "example.org", "Ana.Ruiz@example.org")


def test_the_envelope_has_the_domain_as_a_labels() -> None:
    assert envelope(normal("niño@bücher.example.com")) == "niño@xn--bcher-kva.example.com"
    assert normal("ana@XN--BCHER-KVA.example.com").text == "ana@bücher.example.com"


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@example.org\r\nBcc: x@example.com",
        "ana\n@example.org",
        "ana@example.org\x00",
        "ana\u202e@example.org",
        "ana\ud800@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b." * 130 + "org",
        "a" * 10_000_000,
        "Ana <ana@example.org>",
        "<ana@example.org>",
        "ana@example.org, bo@example.org",
        "ana@[127.0.0.1]",
        "ana@localhost",
        "ana..ruiz@example.org",
        '"<b>ana</b>"@example.org',
        "ana@exa mple.org",
        "ana＠example.org",
        "ａna@example.org",
        "an\ufffd@example.org",
    ],
)
def test_what_cannot_be_written_to_is_refused_without_being_repeated(bad: str) -> None:
    with pytest.raises(BadAddress) as error:
        normal(bad)
    assert "ana" not in str(error.value)
    assert "example.org" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_repr_shows_no_address() -> None:
    assert "ana" not in repr(normal("ana@example.org"))


@settings(max_examples=200)
@given(
    st.text(max_size=60) | st.builds("{}@{}".format, st.text(max_size=20), st.sampled_from(["example.org", "ñ.com"]))
)
def test_any_text_is_refused_or_becomes_one_clean_address(text: str) -> None:
    try:
        address = normal(text)
    except BadAddress:
        return
    sent = envelope(address)
    assert not any(unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} for sign in sent)
    assert address.domain_ascii.isascii()
    assert address.domain_ascii == address.domain_ascii.lower()
    assert normal(sent) == normal(address.text) == address, "normalising again changes nothing"
    assert for_lookup(normal(for_lookup(address))) == for_lookup(address)


_SIGNS = st.text('aZ09._+-!#@\t \u00f1\u0430"[]', max_size=12)
_LABELS = st.sampled_from(
    ["example", "EXAMPLE", "x" * 63, "x" * 64, "a-b", "a--b", "-a", "test", "local", "org", "c0m", "1", ""]
)
_NEARLY = st.builds(
    lambda local, labels: f"{local}@{'.'.join(labels)}",
    _SIGNS | st.sampled_from(["x" * 64, "x" * 65, "a.b", "a..b", ".a", "a+b_c-d"]),
    st.lists(_LABELS, max_size=4),
)


@settings(max_examples=300)
@given(_NEARLY)
def test_what_is_known_to_be_good_at_a_glance_is_what_a_closer_look_finds(text: str) -> None:
    if seen := glance(text):
        closer = _validated(text)
        assert normal(text) == closer
        assert seen == (for_lookup(closer), closer.text)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (
            "a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 63 + "." + "e" * 63 + ".org",
            "longer than 254 signs",
        ),
        ("\u0430na@example.org", "Latin, Cyrillic or Greek"),
        ("ana@ex\u0430mple.org", "Latin, Cyrillic or Greek"),
        ("ana@ex\u03bfmple.org", "Latin, Cyrillic or Greek"),
        ("ana@ex\u00b5mple.org", "Latin, Cyrillic or Greek"),  # a micro sign
        ('"ana ruiz"@example.org', "begins with a quotation mark"),
        ("ana@[IPv6:2001:db8::1]", "brackets"),
        ("ana(comment)@example.org", "look for a typing error"),
        ("ana@\u200bexample.org", "invisible sign"),
    ],
)
def test_each_oddity_has_a_sentence_of_its_own_in_every_language(address: str, says: str) -> None:
    with pytest.raises(BadAddress, match=says) as error:
        normal(address)
    sentence = str(error.value)
    assert all(words(language).gettext(sentence) != sentence for language in ("es", "vi", "ar"))


@pytest.mark.parametrize("local", ["nguyễn", "иван", "अमिताभ", "ñ+1", "o'brien", "a!#$%&*/=?^`{|}~"])
def test_letters_beyond_ascii_and_odd_signs_are_kept(local: str) -> None:
    address = normal(f"{local}@example.org")
    assert address.local == unicodedata.normalize("NFC", local)
    assert kept_envelope(address.text) == f"{address.local}@example.org"
