"""The trustees of a world, who sign another directory while everything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from gateway.cli.beside import store_of
from gateway.config import load
from sandbox.federation import CITIES, TRUSTEES, City
from sandbox.files import write_secret
from sandbox.world import World
from tests.faults.carrying import until
from trust.directory import Directory, Member
from trust.directory_file import seal
from trust.keys import SoftwareSigner


@dataclass
class Trustees:
    """They keep the newest directory, and sign its successors."""

    world: World
    newest: Directory

    @classmethod
    def of(cls, world: World) -> Trustees:
        return cls(world, world.federation.directory)

    async def publish(self, member_id: str, change: Callable[[Member], Member]) -> None:
        """Sign a directory in which one member is changed, and wait until every gateway goes by it."""
        members = tuple(change(member) if member.id == member_id else member for member in self.newest.members)
        self.newest = replace(self.newest, version=self.newest.version + 1, members=members)
        keys = self.world.folder / "keys"
        signers = [SoftwareSigner.from_pem((keys / f"{name}.pem").read_bytes(), name) for name in TRUSTEES]
        write_secret(self.world.federation.directory_file, seal(self.newest, signers))
        for city in CITIES:
            await until(partial(self._in_force, city), f"{city.gateway} to take the new directory", 10.0)

    async def restore(self) -> None:
        """Sign a directory in which everybody is as at the start, and wait until every gateway goes by it."""
        members = {member.id: member for member in self.world.federation.directory.members}
        for member in self.newest.members:
            if member != members[member.id]:
                await self.publish(member.id, lambda changed: members[changed.id])

    async def _in_force(self, city: City) -> bool:
        async with store_of(load(self.world.config(city.gateway))) as store:
            return await store.bookmark("directory.version") == str(self.newest.version)
