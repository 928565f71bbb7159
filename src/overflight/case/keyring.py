"""Which keys a log says are whose, from which record to which; and the records that say so.

The first key of a party is taken on trust: its fingerprint is compared out of band. A rotation is signed by the key
that it replaces. A revocation may be signed or not: to distrust a key needs no proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from overflight.case.canonical import canonical_text, parsed
from overflight.case.envelope import opened, signed
from overflight.case.keys import PublicKey, SecretKey
from overflight.case.record import Draft, Record
from overflight.errors import InvalidInput, Tampered

KEY_TYPE = "application/vnd.overflight.key+json"
KIND = "key"
ACTIONS = ("new", "rotate", "revoke")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """A key of a party.

    Attributes
    ----------
    since : number of the record that names it.
    until : number of the record that replaces or revokes it, or None where it is live.
    ended : "", "rotate" or "revoke".
    reason : why it ended.
    """

    party: str
    key: PublicKey
    since: int
    until: int | None = None
    ended: str = ""
    reason: str = ""

    def is_live(self, at: int | None = None) -> bool:
        """Say whether it may sign in record ``at``, or now."""
        return (at is None or self.since <= at) and (self.until is None or (at is not None and at < self.until))


class Keyring:
    """The keys of a log."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.states: dict[str, KeyState] = {}
        for record in records:
            self.take(record)

    def live(self, party: str = "", at: int | None = None) -> list[PublicKey]:
        """Return the keys that may sign, of one party or of all."""
        return [s.key for s in self.states.values() if s.is_live(at) and party in ("", s.party)]

    def parties(self) -> list[str]:
        """Return the names of all parties that ever had a key."""
        return list(dict.fromkeys(s.party for s in self.states.values()))

    def require(self, key_id: str, at: int | None = None) -> KeyState:
        """Return the state of a key that may sign.

        Raises
        ------
        InvalidInput
            It is of an unknown party, or was replaced or revoked.
        """
        state = self.states.get(key_id)
        if state is None:
            raise InvalidInput("key", f"one of an unknown party (keyid {key_id[:16]})", "a key that the log names")
        if not state.is_live(at):
            ended = {"rotate": "replaced", "revoke": "revoked"}.get(state.ended, "not yet named")
            number = state.since if state.until is None else state.until
            raise InvalidInput(
                "key", f"{state.key.fingerprint} of {state.party}, {ended} in record {number}", "a live key"
            )
        return state

    def take(self, record: Record) -> None:
        """Take what an opening or a record of kind "key" says.

        Raises
        ------
        InvalidInput, Tampered
            It says what no log may say: a rotation that the former key did not sign, and the like.
        """
        body = record.body
        if (
            body is None
            or record.kind not in ("opening", KIND)
            or (record.kind == "opening" and "public_key" not in body)
        ):
            return
        party, key = str(body.get("party")), PublicKey.of_text(body.get("public_key"))
        action = "new" if record.kind == "opening" else body.get("action")
        reason = str(body.get("reason", ""))
        if action == "new":
            if self.live(party):
                raise InvalidInput("key", f"a second one for {party}", "a rotation, signed by the first")
            self._name(record.number, party, key)
        elif action == "rotate":
            former = self._signer(record, body, party)
            self._name(record.number, party, key)
            self._end(record, former.id, "rotate", reason)
        elif action == "revoke":
            if key.id not in self.states:
                raise InvalidInput("key", f"a revocation of {key.fingerprint}, which is unknown", "a key of the log")
            self._end(record, key.id, "revoke", reason)
        else:
            raise InvalidInput("action", repr(action), ", ".join(ACTIONS))

    def _signer(self, record: Record, body: dict[str, Any], party: str) -> PublicKey:
        payload, former = opened(body.get("envelope"), KEY_TYPE, self.live(party, record.number))
        said = parsed(payload, "key")
        if said != {name: body.get(name) for name in ("action", "party", "public_key", "reason")}:
            raise Tampered("what is signed is another rotation")
        return former

    def _name(self, number: int, party: str, key: PublicKey) -> None:
        if key.id in self.states:
            raise InvalidInput("key", f"{key.fingerprint}, which the log knows", "a new key")
        self.states[key.id] = KeyState(party=party, key=key, since=number)

    def _end(self, record: Record, key_id: str, how: str, reason: str) -> None:
        if self.states[key_id].until is None:
            self.states[key_id] = replace(self.states[key_id], until=record.number, ended=how, reason=reason)


def new_key(party: str, key: PublicKey) -> Draft:
    """Return the record that names the first key of a party."""
    body = {"action": "new", "party": party, "public_key": key.text, "fingerprint": key.fingerprint}
    return Draft(kind=KIND, body=body, label=key.id)


def rotation(party: str, former: SecretKey, key: PublicKey, reason: str = "") -> Draft:
    """Return the record that a key takes the place of another, signed by that one."""
    said = {"action": "rotate", "party": party, "public_key": key.text, "reason": reason}
    body = {**said, "fingerprint": key.fingerprint, "envelope": signed(canonical_text(said), KEY_TYPE, former)}
    return Draft(kind=KIND, body=body, label=key.id)


def revocation(party: str, key: PublicKey, reason: str) -> Draft:
    """Return the record that a key is not to be trusted from here on."""
    body = {
        "action": "revoke",
        "party": party,
        "public_key": key.text,
        "fingerprint": key.fingerprint,
        "reason": reason,
    }
    return Draft(kind=KIND, body=body)
