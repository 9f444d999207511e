"""Bundles under attack: by whoever gets hold of one, and by the gateway that makes it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from tongban.case.v1 import event_pb2

from tests.trust.evidence_world import (
    CHONGQING,
    DAY,
    JINGZHOU,
    NOW,
    YUEYANG,
    Gateway,
    Ground,
    build,
    opened,
    played,
    verifying,
)
from trust.directory import KeyEntry, MemberStatus
from trust.directory_file import seal as seal_directory
from trust.errors import Malformed
from trust.evidence import CarriedCall, ProvedLeaf, Trail, pack
from trust.evidence_calls import DELIVER_EVENTS
from trust.evidence_check import Report, Verdict, check
from trust.evidence_keys import Trustees
from trust.evidence_logs import GET_CASE_TRAIL
from trust.evidence_words import Outcome
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner
from trust.leaf import Leaf, LeafKind
from trust.note import cosign

Files = dict[str, bytes]
MAKERS = pytest.mark.parametrize("maker", [YUEYANG, JINGZHOU])


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def wrongs(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.outcome is Outcome.FAILED}


# --------------------------------------------------------------------------------------------------------------------
# By somebody who gets hold of it
# --------------------------------------------------------------------------------------------------------------------


@cache
def honest() -> tuple[Ground, bytes]:
    ground = played()
    return ground, ground.made(ground.yueyang)


@cache
def of_another_case() -> tuple[Ground, bytes]:
    """A case of the same kind between the same members, with the same trustees and keys."""
    ground, _ = honest()
    other = build(case_id="01234567-89ab-7def-8123-000000000000", number="430600-20261121-000002-P", seed=2)
    other.trustees, other.directories, other.gateways = ground.trustees, ground.directories, {}
    for member, gateway in ground.gateways.items():
        other.gateways[member] = Gateway(member, gateway.message, gateway.witness, replace(gateway.log))
        log = other.gateways[member].log
        log.leaves, log.nodes = list(log.leaves), dict(log.nodes)
    other.submit()
    for body in ({"accepted": event_pb2.Accepted(local_number="JZ-2")}, {"refused": event_pb2.Refused(reason="x")}):
        other.step(other.jingzhou, **body)
    return other, other.made(other.yueyang)


def test_what_is_honest_is_proved() -> None:
    for ground, data in (honest(), of_another_case()):
        assert check(data, ground.trust).verdict is Verdict.PROVED


@pytest.mark.parametrize("name", sorted(opened(honest()[1])))
def test_every_region_of_every_file_counts(name: str) -> None:
    ground, data = honest()
    files = opened(data)
    content = files[name]
    for part in range(16):
        at = len(content) * part // 16
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        try:
            report = check(pack({**files, name: changed}), ground.trust)
        except Malformed:
            assert name == "manifest.json"  # it can't even be read
            continue
        assert report.verdict is Verdict.WRONG
        assert any(finding.where.startswith(name.partition(".")[0]) for finding in report.findings)


@pytest.mark.parametrize("part", range(64))
def test_every_region_of_the_zip_counts(part: int) -> None:
    ground, data = honest()
    step = len(data) // 64
    for at in range(part * step, (part + 1) * step, 97):
        changed = data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]
        with contextlib.suppress(Malformed):
            assert check(changed, ground.trust).verdict is Verdict.WRONG, at


@pytest.mark.parametrize("name", sorted(opened(honest()[1])))
@pytest.mark.parametrize("sealed", [False, True])
def test_a_file_of_another_bundle_is_found(name: str, sealed: bool) -> None:
    ground, data = honest()
    files, others = opened(data), opened(of_another_case()[1])
    if files[name] == others.get(name, files[name]):
        return  # the same in both, or only in this one
    files[name] = others[name]
    if sealed:
        if name.startswith("manifest"):
            return
        data = ground.seal({key: each for key, each in files.items() if not key.startswith("manifest")}, ground.yueyang)
    else:
        data = pack(files)
    # manifest and signature of the other case hold, but for none of the files
    assert check(data, ground.trust).verdict is Verdict.WRONG


@pytest.mark.parametrize("name", sorted(opened(honest()[1])))
def test_a_file_that_is_gone_is_found(name: str) -> None:
    ground, data = honest()
    files = opened(data)
    del files[name]
    if name == "manifest.json":
        with pytest.raises(Malformed, match="no manifest"):
            check(files, ground.trust)
        return
    report = check(pack(files), ground.trust)
    assert report.verdict is Verdict.WRONG
    assert wrongs(report) & {"file_missing", "manifest_unsigned"}


def test_an_unpacked_bundle_is_checked_alike() -> None:
    ground, data = honest()
    assert check(opened(data), ground.trust).verdict is Verdict.PROVED


# --------------------------------------------------------------------------------------------------------------------
# By the gateway that makes it
# --------------------------------------------------------------------------------------------------------------------


@dataclass
class Forger:
    """The maker of a bundle, who changes it and signs it again."""

    ground: Ground
    maker: Gateway
    files: Files
    claims: dict[str, Any]
    trust: Trustees

    @property
    def peer(self) -> Gateway:
        return self.ground.other(self.maker)

    def calls(self) -> list[str]:
        return sorted(
            name.removesuffix(".json") for name in self.files if name.startswith("calls/0") and "json" in name
        )

    def call(self, name: str) -> CarriedCall:
        return CarriedCall.from_files(self.files, name)

    def put(self, name: str, call: CarriedCall) -> None:
        self.drop(name)
        self.files |= call.to_files(name)

    def drop(self, name: str) -> None:
        for ending in ("json", "request.bin", "response.bin"):
            self.files.pop(f"{name}.{ending}", None)

    def first(self, *, own: bool) -> str:
        """The first call that the maker made, or the first that it took."""
        return next(name for name in self.calls() if bool(self.call(name).response) == own)

    def trail(self, gateway: Gateway) -> Trail:
        name = f"logs/{gateway.member}/trail.json"
        return Trail.from_bytes(self.files[name], name)

    def rewrite(self, gateway: Gateway, **changes: Any) -> None:
        trail = replace(self.trail(gateway), **changes)
        self.files[f"logs/{gateway.member}/trail.json"] = trail.to_bytes()

    def leaves(self, gateway: Gateway, change: Callable[[list[ProvedLeaf]], Sequence[ProvedLeaf]]) -> None:
        """Change a trail's leaves, and its count with them."""
        leaves = tuple(change(list(self.trail(gateway).leaves)))
        self.rewrite(gateway, leaves=leaves, count=len(leaves))

    def report(self) -> Report:
        signer = self.claims.pop("signer", self.maker.message)
        return check(self.ground.seal(self.files, self.maker, signer=signer, **self.claims), self.trust)


def forger(member: str) -> Forger:
    ground = played()
    maker = ground.gateways[member]
    return Forger(ground, maker, ground.files(maker), {}, ground.trust)


def flip(data: bytes, at: int = -1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def other_body(f: Forger) -> None:
    name = f.first(own=False)
    f.put(name, replace(f.call(name), request_body=flip(f.call(name).request_body or b"")))


def other_receipt(f: Forger) -> None:
    name = f.first(own=True)
    f.put(name, replace(f.call(name), response_body=flip(f.call(name).response_body or b"")))


def other_signature(f: Forger) -> None:
    name = f.first(own=False)
    call = f.call(name)
    f.put(name, replace(call, request=call.request[:-4] + ("AAAA" if call.request[-4:] != "AAAA" else "BBBB")))


def other_response_signature(f: Forger) -> None:
    name = f.first(own=True)
    call = f.call(name)
    f.put(name, replace(call, response=call.response[:-4] + ("AAAA" if call.response[-4:] != "AAAA" else "BBBB")))


def exchanged_responses(f: Forger) -> None:
    one, other = [name for name in f.calls() if f.call(name).response][:2]
    first, second = f.call(one), f.call(other)
    f.put(one, replace(first, response=second.response, response_body=second.response_body))


def no_response(f: Forger) -> None:
    name = f.first(own=True)
    f.put(name, replace(f.call(name), response="", response_body=None))


def signed_refusal(f: Forger) -> None:
    name = f.first(own=True)
    call = f.call(name)
    refusal = f.ground.sign_response(f.peer, f.maker, call.method, call.request, b"no", status=7)
    f.put(name, replace(call, response=refusal, response_body=b"no"))


def signed_by_a_third(f: Forger) -> None:
    name = f.first(own=False)
    call = f.call(name)
    third = f.ground.gateways[CHONGQING]
    request = f.ground.sign_request(third, f.maker, call.method, call.request_body or b"")
    f.put(name, replace(call, request=request))


def signed_in_the_peers_name(f: Forger) -> None:
    name = f.first(own=False)
    call = f.call(name)
    request = f.ground.sign_request(f.peer, f.maker, call.method, call.request_body or b"", signer=f.maker.message)
    f.put(name, replace(call, request=request))


def signed_for_a_third(f: Forger) -> None:
    name = f.first(own=True)
    call = f.call(name)
    request = f.ground.sign_request(f.maker, f.ground.gateways[CHONGQING], call.method, call.request_body or b"")
    f.put(name, replace(call, request=request))


def of_another_method(f: Forger) -> None:
    name = f.first(own=True)
    call = f.call(name)
    f.put(name, replace(call, method=GET_CASE_TRAIL))


def resent_otherwise(f: Forger) -> None:
    """The maker invents what it sent, signs it anew, and has the old answer."""
    name = f.first(own=True)
    call = f.call(name)
    body = flip(call.request_body or b"", -3)
    request = f.ground.sign_request(f.maker, f.peer, DELIVER_EVENTS, body)
    f.put(name, replace(call, request=request, request_body=body))


def call_gone(*, own: bool) -> Callable[[Forger], None]:
    return lambda f: f.drop(f.first(own=own))


def last_call_gone(f: Forger) -> None:
    f.drop(f.calls()[-1])


def call_twice(f: Forger) -> None:
    f.put("calls/900", f.call(f.calls()[0]))


def call_beside_the_log(f: Forger) -> None:
    """A call that was signed by both, but of which the maker's log knows nothing."""
    call = f.call(f.first(own=True))
    request = f.ground.sign_request(f.maker, f.peer, call.method, call.request_body or b"", now=f.ground.now + DAY / 99)
    response = f.ground.sign_response(f.peer, f.maker, call.method, request, call.response_body or b"")
    f.put("calls/900", replace(call, request=request, response=response))


def bodies_gone(f: Forger) -> None:
    for name in list(f.files):
        if name.startswith("calls/") and name.endswith(".bin"):
            del f.files[name]


def unreadable(name: str) -> Callable[[Forger], None]:
    def attack(f: Forger) -> None:
        for each in list(f.files):
            if each.startswith(name):
                f.files[each] = b"{}"

    return attack


def trail_of(*, own: bool, change: Callable[[list[ProvedLeaf]], Sequence[ProvedLeaf]]) -> Callable[[Forger], None]:
    return lambda f: f.leaves(f.maker if own else f.peer, change)


def changed_leaf(leaves: list[ProvedLeaf]) -> list[ProvedLeaf]:
    leaf = Leaf.from_bytes(leaves[2].leaf)
    leaves[2] = replace(leaves[2], leaf=replace(leaf, at=leaf.at + timedelta(hours=1)).to_bytes())
    return leaves


def no_leaf(leaves: list[ProvedLeaf]) -> list[ProvedLeaf]:
    leaves[1] = replace(leaves[1], leaf=b"{}")
    return leaves


def other_index(leaves: list[ProvedLeaf]) -> list[ProvedLeaf]:
    leaves[1] = replace(leaves[1], index=leaves[1].index + 1)
    return leaves


def other_path(leaves: list[ProvedLeaf]) -> list[ProvedLeaf]:
    first, *rest = leaves[1].path
    leaves[1] = replace(leaves[1], path=(flip(first), *rest))
    return leaves


def swapped(leaves: list[ProvedLeaf]) -> list[ProvedLeaf]:
    leaves[1], leaves[2] = leaves[2], leaves[1]
    return leaves


def leaf_of_another_case(f: Forger) -> None:
    log = f.maker.log
    stranger = next(index for index, leaf in enumerate(log.leaves) if Leaf.from_bytes(leaf).kind is LeafKind.ADMIN)
    f.leaves(f.maker, lambda leaves: [ProvedLeaf(stranger, log.leaves[stranger], log.path(stranger)), *leaves[1:]])


def trail_cut_and_said_so(f: Forger) -> None:
    """The maker leaves out its last leaves and closes its trail with an older export."""
    f.leaves(f.maker, lambda leaves: leaves[:-3])


def count_only(*, own: bool) -> Callable[[Forger], None]:
    return lambda f: f.rewrite(f.maker if own else f.peer, count=3)


def others_answer_by_the_maker(f: Forger) -> None:
    """The maker cuts the peer's trail and signs the answer for it."""
    f.leaves(f.peer, lambda leaves: leaves[:-2])
    imposter = replace(f.peer, message=f.maker.message)
    f.files |= f.ground.answered(f.trail(f.peer), imposter, f.maker).to_files(f"logs/{f.peer.member}/answer")


def others_answer_of_before(f: Forger) -> None:
    """What the peer really signed when the case began, instead of what it has now."""
    early = build()
    early.gateways, early.trustees, early.directories = f.ground.gateways, f.ground.trustees, f.ground.directories
    keep, f.peer.places = f.peer.places, f.peer.places[:2]
    trail = f.ground.trail(f.peer)
    f.files[f"logs/{f.peer.member}/trail.json"] = trail.to_bytes()
    f.files |= f.ground.answered(trail, f.peer, f.maker).to_files(f"logs/{f.peer.member}/answer")
    f.peer.places = keep


def answer_gone(f: Forger) -> None:
    f.drop(f"logs/{f.peer.member}/answer")


def checkpoint_of_another_log(f: Forger) -> None:
    f.rewrite(f.maker, checkpoint=f.ground.cosigned(f.peer.log))


def no_cosignatures(f: Forger) -> None:
    f.rewrite(f.maker, checkpoint=f.maker.log.checkpoint())


def forged_cosignatures(f: Forger) -> None:
    note = f.maker.log.checkpoint()
    genuine = cosign(note, f.peer.witness, f"tongban/{f.peer.member}/witness", f.ground.now)
    head, _, encoded = genuine.rstrip("\n").rpartition(" ")
    f.rewrite(f.maker, checkpoint=f"{note}{head} {encoded[:30]}{'A' if encoded[30] != 'A' else 'B'}{encoded[31:]}\n")


def cosigned_under_anothers_key(f: Forger) -> None:
    note = f.maker.log.checkpoint()
    f.rewrite(f.maker, checkpoint=note + cosign(note, f.maker.witness, f"tongban/{CHONGQING}/witness", NOW))


def rewritten_log(f: Forger) -> None:
    """The maker builds another log in which its second leaf is another one, signs it, and nobody cosigns it."""
    log = replace(f.maker.log, tree=type(f.maker.log.tree)(), leaves=[], nodes={})
    for index, leaf in enumerate(f.maker.log.leaves):
        if index == f.maker.places[0]:
            leaf = replace(Leaf.from_bytes(leaf), subject="f" * 64).to_bytes()  # noqa: PLW2901
        log.append(leaf)
    kept, f.maker.log = f.maker.log, log
    f.files[f"logs/{f.maker.member}/trail.json"] = f.ground.trail(f.maker, log.checkpoint()).to_bytes()
    f.maker.log = kept


def own_log_gone(f: Forger) -> None:
    del f.files[f"logs/{f.maker.member}/trail.json"]
    f.claims["without"] = (f.maker.member,)


def others_log_gone(f: Forger) -> None:
    for name in list(f.files):
        if name.startswith(f"logs/{f.peer.member}/"):
            del f.files[name]


def others_log_unobtained(f: Forger) -> None:
    others_log_gone(f)
    f.claims["without"] = (f.peer.member,)


def signed_by_another_gateway(f: Forger) -> None:
    f.claims["signer"] = f.ground.gateways[CHONGQING].message


def signed_by_nobody_known(f: Forger) -> None:
    f.claims["signer"] = SoftwareSigner.generate(Algorithm.ES256, f.maker.message.kid)


def own_directory(f: Forger) -> None:
    """An attacker's directory, signed by an attacker's trustees, that lists an attacker's key as the peer's."""
    key = SoftwareSigner.generate(Algorithm.ES256, "421000.gateway#x")
    directory = f.ground.directories[-1]
    members = tuple(
        replace(each, keys=(*each.keys, KeyEntry(verifying(key), KeyPurpose.MESSAGE, NOW - DAY, NOW + DAY)))
        if each.id == f.peer.member
        else each
        for each in directory.members
    )
    own = tuple(SoftwareSigner.generate(Algorithm.ED25519, trustee.kid) for trustee in f.ground.trustees)
    f.files["directory/3.json"] = seal_directory(replace(directory, members=members), own)
    f.files["trustees.json"] = Trustees(tuple(map(verifying, own)), 2).to_bytes()


def directory_of_one_trustee(f: Forger) -> None:
    newer = replace(f.ground.directories[-1], version=4)
    f.files["directory/4.json"] = seal_directory(newer, f.ground.trustees[:1])


def directory_under_another_name(f: Forger) -> None:
    f.files["directory/9.json"] = f.files.pop("directory/3.json")


def key_exchanged(f: Forger) -> None:
    """Trustees who give a kid to another key later on: then nobody can say what it signed."""
    key = SoftwareSigner.generate(Algorithm.ES256, f"{CHONGQING}#m")
    f.ground.publish(CHONGQING, keys=(KeyEntry(verifying(key), KeyPurpose.MESSAGE, NOW - DAY, NOW + DAY),))
    f.files["directory/4.json"] = seal_directory(f.ground.directories[-1], f.ground.trustees)


def peer_changed(**changes: Any) -> Callable[[Forger], None]:
    """The trustees said so of the peer before the case began."""

    def attack(f: Forger) -> None:
        f.ground.now, now = NOW - DAY / 2, f.ground.now
        f.ground.publish(f.peer.member, **changes)
        f.ground.now = now
        f.files["directory/4.json"] = seal_directory(f.ground.directories[-1], f.ground.trustees)

    return attack


def peer_key_revoked(at: timedelta) -> Callable[[Forger], None]:
    def attack(f: Forger) -> None:
        keys = f.ground.directories[-1].member(f.peer.member).keys
        f.ground.publish(f.peer.member, keys=tuple(replace(each, revoked_at=NOW + at) for each in keys))
        f.files["directory/4.json"] = seal_directory(f.ground.directories[-1], f.ground.trustees)

    return attack


def directory_expired(f: Forger) -> None:
    expired = replace(f.ground.directories[-1], version=4, issued_at=NOW - DAY / 2, expires_at=NOW)
    f.files["directory/4.json"] = seal_directory(expired, f.ground.trustees)


def no_directory(f: Forger) -> None:
    del f.files["directory/3.json"]


def claimed(**claims: Any) -> Callable[[Forger], None]:
    return lambda f: f.claims.update(claims)


def older_export(f: Forger) -> None:
    """The maker exported after the first step already, and closes its trail with that leaf."""
    ground = f.ground = build()
    f.maker, f.trust = ground.gateways[f.maker.member], ground.trust
    ground.submit()
    ground.step(ground.jingzhou, accepted=event_pb2.Accepted(local_number="JZ-1"))
    ground.close(f.maker)
    end = len(f.maker.places)
    calls = len(f.maker.calls)
    for each in (ground.jingzhou, ground.yueyang):
        ground.step(each, resumed=event_pb2.Resumed())
    del f.maker.calls[calls:]
    f.files = ground.files(f.maker)
    f.leaves(f.maker, lambda leaves: leaves[:end])


def older_export_with_its_time(f: Forger) -> None:
    older_export(f)
    f.claims["made_at"] = Leaf.from_bytes(f.trail(f.maker).leaves[-1].leaf).at


def foreign_file(f: Forger) -> None:
    f.files["calls/../../evil.json"] = b"{}"


def bad_stamp(f: Forger) -> None:
    f.files[f"stamps/{f.maker.member}.json"] = json.dumps({"note": f.ground.cosigned(f.maker.log), "path": []}).encode()
    f.files[f"stamps/{f.maker.member}.tsr"] = b"0\x03\x02\x01\x00"


ATTACKS: dict[str, tuple[Callable[[Forger], None], str]] = {
    "another body": (other_body, "request_digest"),
    "another receipt": (other_receipt, "response_digest"),
    "a signature changed": (other_signature, "request_unproved"),
    "an answer's signature changed": (other_response_signature, "response_unproved"),
    "answers exchanged": (exchanged_responses, "response_bound"),
    "an answer left out": (no_response, "response_absent"),
    "a refusal as receipt": (signed_refusal, "response_refused"),
    "signed by a third member": (signed_by_a_third, "call_parties"),
    "signed in the peer's name": (signed_in_the_peers_name, "request_unproved"),
    "signed for a third member": (signed_for_a_third, "call_parties"),
    "a call of another method": (of_another_method, "call_method"),
    "another content sent, the old answer": (resent_otherwise, "response_bound"),
    "an own call left out": (call_gone(own=True), "leaf_without_event"),
    "a peer's call left out": (call_gone(own=False), "leaf_call"),
    "the last call left out": (last_call_gone, "leaf_without_event"),
    "a call twice": (call_twice, "call_twice"),
    "a call that no leaf knows": (call_beside_the_log, "call_unleafed"),
    "bodies left out silently": (bodies_gone, "body_absent"),
    "a call that can't be read": (unreadable("calls/001.json"), "file_unreadable"),
    "trustees that can't be read": (unreadable("manifest"), ""),
    "a leaf left out": (trail_of(own=True, change=lambda leaves: leaves[:2] + leaves[3:]), "leaf_out_of_place"),
    "the first leaf left out": (trail_of(own=True, change=lambda leaves: leaves[1:]), "leaf_out_of_place"),
    "a leaf twice": (trail_of(own=True, change=lambda leaves: leaves[:3] + leaves[2:]), "leaf_out_of_place"),
    "leaves exchanged": (trail_of(own=True, change=swapped), "leaf_out_of_place"),
    "a leaf changed": (trail_of(own=True, change=changed_leaf), "leaf_unproved"),
    "a leaf that is none": (trail_of(own=True, change=no_leaf), "leaf_unreadable"),
    "a leaf at another index": (trail_of(own=True, change=other_index), "leaf_unproved"),
    "another path": (trail_of(own=True, change=other_path), "leaf_unproved"),
    "a leaf of another case": (leaf_of_another_case, "leaf_of_another_case"),
    "the last leaves cut off": (trail_cut_and_said_so, "closing_absent"),
    "no leaves at all": (trail_of(own=True, change=lambda _: []), "closing_absent"),
    "another count": (count_only(own=True), "leaves_cut"),
    "another count for the peer": (count_only(own=False), "trail_altered"),
    "the peer's trail cut": (trail_of(own=False, change=lambda leaves: leaves[:-2]), "trail_altered"),
    "a leaf of the peer's changed": (trail_of(own=False, change=changed_leaf), "leaf_unproved"),
    "leaves of the peer exchanged": (trail_of(own=False, change=swapped), "leaf_out_of_place"),
    "the peer's answer by the maker": (others_answer_by_the_maker, "response_unproved"),
    "the peer's answer of before": (others_answer_of_before, "event_unlogged"),
    "the peer's answer left out": (answer_gone, "file_unreadable"),
    "the checkpoint of another log": (checkpoint_of_another_log, "log_unproved"),
    "cosignatures forged": (forged_cosignatures, "cosignature_wrong"),
    "cosigned with another's key": (cosigned_under_anothers_key, ""),
    "a log written anew": (rewritten_log, "event_unlike_leaf"),
    "the maker's own log left out": (own_log_gone, "log_absent"),
    "the peer's log left out silently": (others_log_gone, "log_absent"),
    "a trail that can't be read": (unreadable("logs/"), "file_unreadable"),
    "signed by another gateway": (signed_by_another_gateway, "manifest_unsigned"),
    "signed by nobody known": (signed_by_nobody_known, "manifest_unsigned"),
    "an attacker's directory": (own_directory, "directory_untrusted"),
    "a directory of one trustee": (directory_of_one_trustee, "directory_untrusted"),
    "a directory under another name": (directory_under_another_name, "directory_misnamed"),
    "no directory": (no_directory, "directory_none"),
    "a kid with two keys": (key_exchanged, "keys_changed"),
    "the peer was suspended": (peer_changed(status=MemberStatus.SUSPENDED), "request_unproved"),
    "the peer was no member any more": (peer_changed(valid_until=NOW - DAY), "request_unproved"),
    "the peer's key was revoked before": (peer_key_revoked(-DAY), "request_unproved"),
    "the directory had expired": (directory_expired, "request_unproved"),
    "another salt": (claimed(salt=bytes(32)), "commitment_wrong"),
    "another commitment": (claimed(commitment=bytes(32)), "leaf_of_another_case"),
    "another number": (claimed(number="430600-20261121-000009-P"), "submission_wrong"),
    "another case": (claimed(case_id="11111111-89ab-7def-8123-456789abcdef"), "event_foreign"),
    "an erasure that was none": (claimed(erased_at=NOW), "erasure_unlogged"),
    "another time": (claimed(made_at=NOW + 400 * DAY), "manifest_unsigned"),
    "an older export": (older_export, "closing_absent"),
    "an older export with its time": (older_export_with_its_time, "event_unlogged"),
    "a file that belongs nowhere": (foreign_file, "file_misplaced"),
    "a timestamp that is none": (bad_stamp, "stamp_wrong"),
}
del ATTACKS["trustees that can't be read"], ATTACKS["cosigned with another's key"]


@pytest.mark.parametrize("attack", ATTACKS)
@MAKERS
def test_a_dishonest_maker_is_found(attack: str, maker: str) -> None:
    f = forger(maker)
    act, code = ATTACKS[attack]
    act(f)
    report = f.report()
    assert report.verdict is Verdict.WRONG, codes(report)
    assert code in wrongs(report)


def late_directory(f: Forger) -> None:
    late = replace(f.ground.directories[-1], issued_at=NOW + DAY / 9)
    f.files["directory/3.json"] = seal_directory(late, f.ground.trustees)


GAPS: dict[str, tuple[Callable[[Forger], None], str]] = {
    "cosignatures left out": (no_cosignatures, "log_uncosigned"),
    "cosigned with another's key": (cosigned_under_anothers_key, "log_uncosigned"),
    "the peer's log not had": (others_log_unobtained, "log_unobtained"),
    "no directory from before the case": (late_directory, "directory_late"),
    "redacted with another number": (
        lambda f: (bodies_gone(f), f.claims.update(redacted=True, salt=b"", number="430600-20261121-000009-P"))[0],
        "number_unproved",
    ),
    "redacted": (lambda f: (bodies_gone(f), f.claims.update(redacted=True, salt=b""))[0], "content_redacted"),
}


@pytest.mark.parametrize("gap", GAPS)
@MAKERS
def test_what_is_missing_is_said_and_not_taken_for_proved(gap: str, maker: str) -> None:
    f = forger(maker)
    act, code = GAPS[gap]
    act(f)
    report = f.report()
    assert report.verdict is Verdict.INCOMPLETE, wrongs(report)
    assert code in codes(report)


@MAKERS
def test_a_key_that_was_revoked_afterwards_still_proves_what_it_signed_before(maker: str) -> None:
    f = forger(maker)
    peer_key_revoked(DAY)(f)
    assert f.report().verdict is Verdict.PROVED


# when -----------------------------------------------------------------------------------------------------------------


def early(ground: Ground, by: timedelta, act: Callable[..., Any]) -> Callable[..., Any]:
    """What is done as if it were that much earlier."""

    def acted(*args: Any, **kwargs: Any) -> Any:
        ground.now -= by
        try:
            return act(*args, **kwargs)
        finally:
            ground.now += by

    return acted


@pytest.mark.parametrize(
    ("part", "minutes", "found"),
    [
        ("step", 11, {"leaf_untimely"}),  # a leaf behind one of later
        ("sign_request", 11, {"leaf_untimely"}),  # leaves of another time than their calls
        ("cosigned", 11, {"leaf_untimely"}),  # leaves that were cosigned before they were
        ("answered", 11, {"answer_untimely"}),  # leaves of the peer that it gave at another time
        ("step", 9, set()),
        ("cosigned", 9, set()),
        ("answered", 9, set()),
    ],
)
@MAKERS
def test_times_that_can_not_be_are_found(
    monkeypatch: pytest.MonkeyPatch, part: str, minutes: int, found: set[str], maker: str
) -> None:
    ground = played()
    monkeypatch.setattr(ground, part, early(ground, timedelta(minutes=minutes), getattr(ground, part)))
    ground.step(ground.yueyang, rated=event_pb2.Rated(score=4))
    report = check(ground.made(ground.gateways[maker]), ground.trust)
    assert wrongs(report) == found
