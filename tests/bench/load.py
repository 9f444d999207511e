"""The load generator: a process that keeps 64 calls in flight. ``python -m tests.bench.load <config>``.

It is told a port, makes its calls beforehand, then runs them and says what came back. Requests are signed just before
their round, so that the round measures the server. After the round every answer is read, and a sample of the answers'
signatures is verified as a gateway verifies them.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import grpc
import grpc.aio

from gateway.app import read_directory, read_signer
from gateway.config import Config
from gateway.rpc.server import SIGNATURE
from gateway.wire import routes
from gateway.wire.cases import read_receipt
from tests.bench import children
from tests.bench.echo_server import METHOD as ECHO
from tests.bench.ground import CALLEE, CALLER, certificates, read_config
from tests.bench.submissions import Submissions
from trust.signed_call import verify_response

IN_FLIGHT = 64
CHANNELS = 8
"""Connections; with one, HTTP/2 flow control and one lock are what is measured."""

SAMPLE_EVERY = 50
"""One answer in so many has its signature verified."""

Call = tuple[bytes, str]
"""Body and signature; an echo has none."""


@dataclass
class Round:
    """What came back."""

    answers: dict[int, bytes] = field(default_factory=dict)
    """By the position of the call."""
    signatures: dict[int, str] = field(default_factory=dict)
    """Of the sample."""
    latencies: list[float] = field(default_factory=list)
    """Seconds, in the order of the answers."""


class Load:
    """Calls to one server over its own connections."""

    def __init__(self, config: Config, port: int, method: str) -> None:
        files = certificates(config).read(datetime.now(UTC))
        credentials = grpc.ssl_channel_credentials(files.roots, files.key, files.chain)
        options = (
            ("grpc.ssl_target_name_override", CALLEE.gateway),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_retries", 0),
        )
        self._channels = [
            grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=options) for _ in range(CHANNELS)
        ]
        self._calls = [channel.unary_unary(method) for channel in self._channels]

    async def run(self, calls: Sequence[Call]) -> Round:
        """Make all the calls. Raises what grpc raises for the first that is not answered with OK."""
        done, waiting = Round(), iter(enumerate(calls))
        workers = (
            self._work(call, waiting, done) for call in itertools.islice(itertools.cycle(self._calls), IN_FLIGHT)
        )
        await asyncio.gather(*workers)
        return done

    @staticmethod
    async def _work(method: grpc.aio.UnaryUnaryMultiCallable, waiting: Iterator[tuple[int, Call]], done: Round) -> None:
        for place, (body, signature) in waiting:
            started = time.perf_counter()
            call = method(body, metadata=((SIGNATURE, signature),) if signature else None)
            done.answers[place] = await call
            done.latencies.append(time.perf_counter() - started)
            if signature and place % SAMPLE_EVERY == 0:
                trailing = await call.trailing_metadata()
                done.signatures[place] = next(value for key, value in trailing if key == SIGNATURE)

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()


class Generator:
    """Answers the runner."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._directory, _ = read_directory(config.directory, datetime.now(UTC))
        self._submissions = Submissions(read_signer(config.keys.message), datetime.now(UTC))
        self._loads: dict[str, Load] = {}

    async def answer(self, message: children.Message) -> children.Message:
        """``connect``: to the server of ``kind`` at ``port``. ``run``: so many ``calls`` to the server of ``kind``."""
        kind = message["kind"]
        if message["do"] == "connect":
            self._loads[kind] = Load(
                self._config, message["port"], {"echo": ECHO, "signed": routes.DELIVER_EVENTS}[kind]
            )
            return {}
        return await {"echo": self._echo, "signed": self._signed}[kind](message["calls"])

    async def close(self) -> None:
        for load in self._loads.values():
            await load.close()

    async def _echo(self, count: int) -> children.Message:
        body = self._submissions.make(datetime.now(UTC)).body
        calls: list[Call] = [(body, "")] * count
        done, measured = await self._run("echo", calls)
        if any(answer != body for answer in done.answers.values()):
            raise ValueError("an echo came back changed")
        return measured

    async def _signed(self, count: int) -> children.Message:
        made = [self._submissions.make(datetime.now(UTC)) for _ in range(count)]
        done, measured = await self._run("signed", [(each.body, each.signature) for each in made])
        for place, each in enumerate(made):
            receipt = read_receipt(done.answers[place])
            if (receipt.case_id, receipt.accepted_through, len(receipt.leaf_hashes)) != (each.case_id, 1, 1):
                raise ValueError("a receipt is not for the case that was delivered")
        for place, signature in done.signatures.items():
            verify_response(
                signature,
                done.answers[place],
                directory=self._directory,
                request=made[place].signature,
                responder=CALLEE.gateway,
                audience=CALLER.gateway,
                method=routes.DELIVER_EVENTS,
                status=0,
                now=datetime.now(UTC),
            )
        return measured | {"verified": len(done.signatures), "bytes": len(made[0].body)}

    async def _run(self, kind: str, calls: Sequence[Call]) -> tuple[Round, children.Message]:
        cpu, started = time.process_time(), time.perf_counter()
        done = await self._loads[kind].run(calls)
        seconds = time.perf_counter() - started
        if len(done.answers) != len(calls):
            raise ValueError("calls without an answer")
        latencies = sorted(done.latencies)
        return done, {
            "seconds": seconds,
            "client_cpu_seconds": time.process_time() - cpu,
            "p50_ms": latencies[len(latencies) // 2] * 1000,
            "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        }


async def main() -> None:
    generator = Generator(read_config(sys.argv[1]))
    await children.answer_until_end({}, generator.answer)
    await generator.close()


if __name__ == "__main__":
    children.run(main)
