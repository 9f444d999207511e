"""The vault: what is sealed opens only in its place, under its key; and the key file stays private."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.store.vault import (
    KEY_BYTES,
    Cipher,
    SealingKey,
    Vault,
    general_owner,
    generate_key_file,
    place,
    read_key_file,
)
from trust.errors import Misconfigured, Reason

KEK = bytes(range(32))
HERE = place("events.raw", "case-1", "accepting", "1")


@pytest.mark.parametrize("cipher", list(Cipher))
def test_a_sealed_value_opens_in_its_place(cipher: Cipher) -> None:
    vault = Vault(KEK, cipher)
    wrapped, key = vault.new_key("case-1")
    sealed = key.seal("张三".encode(), HERE)
    assert vault.data_key("case-1", wrapped).open(sealed, HERE).decode() == "张三"
    assert len(sealed) == 29 + len("张三".encode())


@pytest.mark.parametrize("cipher", list(Cipher))
def test_a_value_moved_to_another_row_does_not_open(cipher: Cipher) -> None:
    _, key = Vault(KEK, cipher).new_key("case-1")
    with pytest.raises(Misconfigured) as caught:
        key.open(key.seal(b"value", HERE), place("events.raw", "case-1", "accepting", "2"))
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert "case-1" not in str(caught.value)


@pytest.mark.parametrize("cipher", list(Cipher))
def test_each_changed_byte_is_noticed(cipher: Cipher) -> None:
    _, key = Vault(KEK, cipher).new_key("case-1")
    sealed = key.seal(b"value", HERE)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Misconfigured):
            key.open(bytes(changed), HERE)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(27), b"\x09" + bytes(40)])
def test_bytes_that_were_never_sealed_do_not_open(sealed: bytes) -> None:
    with pytest.raises(Misconfigured):
        SealingKey(KEK, Cipher.AES_256_GCM).open(sealed, HERE)


def test_values_of_the_former_cipher_stay_readable() -> None:
    wrapped, key = Vault(KEK, Cipher.AES_256_GCM).new_key("case-1")
    sealed = key.seal(b"old", HERE)
    changed = Vault(KEK, Cipher.SM4_GCM).data_key("case-1", wrapped)
    assert changed.open(sealed, HERE) == b"old"
    assert (sealed[0], changed.seal(b"new", HERE)[0]) == (1, 2)


def test_a_wrapped_key_belongs_to_its_owner() -> None:
    vault = Vault(KEK)
    wrapped, _ = vault.new_key("case-1")
    with pytest.raises(Misconfigured):
        vault.data_key("case-2", wrapped)


def test_the_same_value_is_sealed_differently_each_time() -> None:
    _, key = Vault(KEK).new_key("case-1")
    assert key.seal(b"value", HERE) != key.seal(b"value", HERE)


def test_the_key_check_tells_a_wrong_key() -> None:
    check = Vault(KEK).key_check()
    Vault(KEK).require_key(check)
    for wrong, stored in ((Vault(bytes(32)), check), (Vault(KEK), "00" * 60), (Vault(KEK), "no hex")):
        with pytest.raises(Misconfigured) as caught:
            wrong.require_key(stored)
        assert caught.value.reason is Reason.CONFIG_INVALID


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(Misconfigured):
        Vault(bytes(16))


def test_general_owners_are_spread_and_stable() -> None:
    owners = {general_owner(str(number)) for number in range(5000)}
    assert len(owners) == 256
    assert general_owner("1") == general_owner("1")


def test_a_generated_key_file_is_private_and_readable(tmp_path: Path) -> None:
    path = tmp_path / "store.key"
    generate_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_key_file(path)) == KEY_BYTES


def test_an_existing_key_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "store.key"
    generate_key_file(path)
    before = path.read_bytes()
    with pytest.raises(Misconfigured):
        generate_key_file(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_file_that_others_have_rights_to_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "store.key"
    generate_key_file(path)
    path.chmod(mode)
    with pytest.raises(Misconfigured) as caught:
        read_key_file(path)
    assert caught.value.reason is Reason.KEY_FILE_EXPOSED


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_key_file(tmp_path / "none.key")
    assert caught.value.reason is Reason.KEY_FILE_UNREADABLE
    assert "none.key" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"AAAA", b"not base64 at all!!", b"QUJD" * 20])
def test_a_file_that_holds_no_key_is_refused_without_repeating_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        read_key_file(path)
    assert caught.value.reason is Reason.KEY_FILE_UNREADABLE
    assert not content or content.decode() not in str(caught.value)


def test_keys_appear_in_no_repr() -> None:
    key = os.urandom(KEY_BYTES)
    for shown in (repr(Vault(key)), repr(SealingKey(key, Cipher.AES_256_GCM))):
        assert key.hex() not in shown
        assert repr(key) not in shown
