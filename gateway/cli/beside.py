"""Opening a gateway's store beside the gateway, running or not, as operators' commands do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.config import Config
from gateway.store.sqlite import SqliteStore
from gateway.store.vault import Cipher, Vault, read_key_file
from gateway.wire.events import ProtobufEventCodec


@asynccontextmanager
async def store_of(config: Config) -> AsyncIterator[SqliteStore]:
    """The store that a configuration names, shared with whoever else has it open.

    Raises Misconfigured when there is none, it is damaged, of another version, or has another key.
    """
    vault = Vault(read_key_file(config.store.key), Cipher(config.store.cipher))
    store = await SqliteStore.open(config.store.path, vault, ProtobufEventCodec(), exclusive=False)
    try:
        yield store
    finally:
        await store.close()
