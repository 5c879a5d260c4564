"""Who comes in and by what link, what ends with a role, and that somebody always owns the desk."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.desk import deeds, members, passwords, sessions
from newsletter.desk.errors import AddressTaken, BadInvitation, DeskError, NoMember, WeakPassword
from newsletter.desk.models import DeskSession, Invitation, Member, Role
from subscribers.errors import BadAddress
from subscribers.vault import Vault
from tests.desk.conftest import NOW, PASSWORD, first, invited

LATER = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 is slow on purpose; its own tests are in test_passwords."""
    monkeypatch.setattr(passwords, "_hasher", lambda: _Plain)


class _Plain:
    @staticmethod
    def hash(password: str) -> str:
        return f"hash of {password}"

    @staticmethod
    def verify(password: str, kept: str) -> bool:
        return kept == f"hash of {password}"


def _join(database: Database, vault: Vault, token: str, name: str = "Eva", address: str = "") -> Member:
    with database.write() as session:
        return members.join(
            session, vault, token, name=name, address=address or f"{name}@example.org", password=PASSWORD, now=NOW
        )


def test_the_first_link_is_replaced_by_the_next_and_gone_with_the_first_member(
    database: Database, vault: Vault
) -> None:
    with database.write() as session:
        earlier, link = members.first_link(session, NOW), members.first_link(session, NOW)
    assert earlier
    assert link
    with pytest.raises(BadInvitation):
        _join(database, vault, earlier)
    assert _join(database, vault, link).role is Role.OWNER
    with database.write() as session:
        assert members.first_link(session, NOW) is None


def test_the_first_link_ends_after_a_day(database: Database) -> None:
    with database.write() as session:
        token = members.first_link(session, NOW) or ""
    with database.read() as session:
        assert members.invitation(session, token, NOW + timedelta(days=1) - LATER).role is Role.OWNER
        with pytest.raises(BadInvitation):
            members.invitation(session, token, NOW + timedelta(days=1))


def test_an_invitation_works_once_and_for_seven_days(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.write() as session:
        token = members.invite(session, rosa, Role.TRANSLATOR, "es,vi", NOW)
    with database.read() as session:
        members.invitation(session, token, NOW + timedelta(days=7) - LATER)
        with pytest.raises(BadInvitation):
            members.invitation(session, token, NOW + timedelta(days=7))
    eva = _join(database, vault, token)
    assert (eva.role, eva.languages) == (Role.TRANSLATOR, "es,vi")
    with pytest.raises(BadInvitation):
        _join(database, vault, token, "Minh")


def test_one_link_opened_by_two_at_the_same_moment_makes_one_member(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.write() as session:
        token = members.invite(session, rosa, Role.OWNER, "", NOW)
    start, failures = threading.Barrier(2), []

    def open_it(name: str) -> None:
        start.wait()
        try:
            _join(database, vault, token, name)
        except BadInvitation as error:
            failures.append(error)

    both = [threading.Thread(target=open_it, args=(name,)) for name in ("Eva", "Minh")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with database.read() as session:
        assert len(members.everyone(session)) == 2
    assert len(failures) == 1


def test_an_invitation_that_was_taken_back_opens_nothing(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.write() as session:
        token = members.invite(session, rosa, Role.EDITOR, "", NOW)
        ((invitation, by),) = members.open_invitations(session, NOW)
        assert by == "Rosa"
        members.take_back(session, rosa, invitation.id, NOW)
    with pytest.raises(BadInvitation):
        _join(database, vault, token)


def test_what_cannot_be_leaves_the_link_as_it_was(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.write() as session:
        token = members.invite(session, rosa, Role.EDITOR, "", NOW)
    good = {"name": "Eva", "address": "eva@example.org", "password": PASSWORD}
    wrong: list[tuple[dict[str, str], type[Exception]]] = [
        ({"name": ""}, DeskError),
        ({"name": "x" * 81}, DeskError),
        ({"name": "Eva\u202e"}, DeskError),
        ({"address": "eva"}, BadAddress),
        ({"address": "ROSA@example.org"}, AddressTaken),
        ({"password": "kites"}, WeakPassword),
    ]
    for change, error in wrong:
        with pytest.raises(error), database.write() as session:
            members.join(session, vault, token, **(good | change), now=NOW)
    _join(database, vault, token)


def test_addresses_are_sealed_and_stand_nowhere_else(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    assert b"rosa" not in rosa.sealed_address
    assert vault.open_address(rosa.sealed_address, rosa.address_hash) == "rosa@example.org"
    with database.read() as session:
        assert not any("@" in f"{deed.what} {deed.about}" for deed, _ in deeds.latest(session))


def test_a_change_of_role_or_password_ends_every_session(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    eva = invited(database, vault, rosa, "Eva")
    for deed in ("role", "password", "end"):
        with database.write() as session:
            member = members.of(session, eva.id)
            tokens = [sessions.begin(session, member, "", NOW) for _ in range(2)]
            kept = sessions.begin(session, rosa, "", NOW)
            if deed == "role":
                members.change_role(session, rosa, member, Role.TRANSLATOR, "es", NOW)
            elif deed == "password":
                members.change_password(session, member, "harbour violet seventeen kites", NOW)
            else:
                members.end(session, rosa, member, NOW)
        with database.read() as session:
            assert [sessions.who(session, token, NOW) for token in tokens] == [None, None]
            assert sessions.who(session, kept, NOW)


def test_who_leaves_takes_their_links_along_and_may_come_back(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    eva = invited(database, vault, rosa, "Eva", Role.OWNER)
    with database.write() as session:
        by_them = members.invite(session, eva, Role.OWNER, "", NOW)
        for_them = members.new_password_link(session, rosa, members.of(session, eva.id), NOW)
        members.end(session, rosa, members.of(session, eva.id), NOW)
    for token in (by_them, for_them):
        with pytest.raises(BadInvitation), database.read() as session:
            members.invitation(session, token, NOW)
    with database.write() as session:
        members.bring_back(session, rosa, members.of(session, eva.id), NOW)
        assert sessions.prove(session, sessions.whom(vault, "eva@example.org"), PASSWORD).name == "Eva"


def test_the_last_owner_stays_one(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    eva = invited(database, vault, rosa, "Eva")
    changes: list[Callable[[Session, Member], object]] = [
        lambda session, member: members.end(session, rosa, member, NOW),
        lambda session, member: members.change_role(session, rosa, member, Role.EDITOR, "", NOW),
    ]
    for change in changes:
        with pytest.raises(DeskError, match="There must be an owner"), database.write() as session:
            change(session, members.of(session, rosa.id))
    with database.write() as session:
        members.change_role(session, rosa, members.of(session, eva.id), Role.OWNER, "", NOW)
        members.end(session, rosa, members.of(session, rosa.id), NOW)
    with database.read() as session:
        assert [member.name for member in members.everyone(session)] == ["Eva", "Rosa"]


def test_two_owners_who_end_each_other_at_once_leave_one(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    eva = invited(database, vault, rosa, "Eva", Role.OWNER)
    start = threading.Barrier(2)

    def end(by: Member, other: Member) -> None:
        start.wait()
        try:
            with database.write() as session:
                members.end(session, by, members.of(session, other.id), NOW)
        except DeskError:
            pass

    both = [threading.Thread(target=end, args=pair) for pair in ((rosa, eva), (eva, rosa))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with database.read() as session:
        owners = session.scalars(select(Member).where(Member.role == Role.OWNER, Member.ended_at.is_(None))).all()
    assert len(owners) == 1


def test_a_link_for_a_new_password_is_for_one_member_once_and_for_a_day(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    eva = invited(database, vault, rosa, "Eva")
    with database.write() as session:
        earlier, token = (members.new_password_link(session, rosa, members.of(session, eva.id), NOW) for _ in "12")
        assert members.open_invitations(session, NOW) == []
    for wrong, now in ((earlier, NOW), (token, NOW + timedelta(days=1))):
        with pytest.raises(BadInvitation), database.write() as session:
            members.renew(session, wrong, "harbour violet seventeen kites", now)
    with pytest.raises(BadInvitation):
        _join(database, vault, token, "Minh")
    with database.write() as session:
        assert members.renew(session, token, "harbour violet seventeen kites", NOW).id == eva.id
    with database.read() as session:
        assert session.scalars(select(Invitation)).all() == []


def test_an_invitation_is_no_link_for_a_new_password(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.write() as session:
        token = members.invite(session, rosa, Role.EDITOR, "", NOW)
    with pytest.raises(BadInvitation), database.write() as session:
        members.renew(session, token, PASSWORD, NOW)


def test_nobody_has_an_unknown_number(database: Database) -> None:
    with pytest.raises(NoMember), database.read() as session:
        members.of(session, 7)


def test_idle_sessions_end_and_their_rows_go(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.write() as session:
        token = sessions.begin(session, rosa, "", NOW)
    with database.read() as session:
        assert sessions.who(session, token, NOW + sessions.IDLE - LATER)
        assert sessions.who(session, token, NOW + sessions.IDLE) is None
        assert sessions.of(session, rosa.id, NOW + sessions.IDLE) == []
    with database.write() as session:
        sessions.begin(session, rosa, "", NOW + sessions.IDLE)
        assert [row.began_at for row in session.scalars(select(DeskSession))] == [NOW + sessions.IDLE]


def test_a_password_that_changed_meanwhile_opens_nothing(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.read() as session:
        proved = sessions.prove(session, sessions.whom(vault, "rosa@example.org"), PASSWORD)
    with database.write() as session:
        members.change_password(session, members.of(session, rosa.id), "harbour violet seventeen kites", NOW)
    with pytest.raises(DeskError), database.write() as session:
        sessions.sign_in(session, proved, "", NOW)


def test_tokens_are_kept_as_their_hashes_alone(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    with database.write() as session:
        token = sessions.begin(session, rosa, "", NOW)
        invitation = members.invite(session, rosa, Role.EDITOR, "", NOW)
        (row,) = sessions.of(session, rosa.id, NOW)
        ((kept, _),) = members.open_invitations(session, NOW)
    assert token.encode() not in row.token_hash
    assert kept.token_hash == members.digest(invitation) != invitation.encode()


def test_one_ends_ones_own_sessions_alone(database: Database, vault: Vault) -> None:
    rosa = first(database, vault)
    eva = invited(database, vault, rosa, "Eva")
    with database.write() as session:
        token = sessions.begin(session, rosa, "", NOW)
        (row,) = sessions.of(session, rosa.id, NOW)
        sessions.end(session, eva.id, row.id)
        assert sessions.who(session, token, NOW)
        sessions.end(session, rosa.id, row.id)
        assert sessions.who(session, token, NOW) is None
