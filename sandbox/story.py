"""The demo: one real case between two cities, told while it happens.

陈** of 荆州 lives in 岳阳 and wants the housing fund paid out that lies in 荆州. What is told is read from the running
systems, and what a sentence claims is required first: when it isn't so, the story stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

import aiohttp
from tongban.case.v1 import case_pb2
from tongban.catalogue.v1 import item_pb2, translation_pb2
from tongban.licence.v1 import licence_pb2

from gateway.domain.calendar import beijing_date
from gateway.domain.people import mask_name
from sandbox.desk import DeskRefused
from sandbox.federation import JINGZHOU, PURPOSE_ACCEPTANCE, PURPOSE_RESULT, YUEYANG, City
from sandbox.narrator import Narrator
from sandbox.processes import NotRunning
from sandbox.program import run_program
from sandbox.proof import LogCopy, hold_together
from sandbox.story_texts import TEXTS
from sandbox.window import Person, Window, new_nonce, sample_scan, scanned, shown_licence
from sandbox.world import FolderInUse, World
from trust.errors import NotFound, TongbanError
from trust.keys import Algorithm, KeyPurpose, SoftwareSigner
from trust.licence import HOLDER_CODE, HOLDER_NAME, present
from trust.signed_call import Officer

ITEM: Final = "12430600TB4306016C343209000100001"
"""正常退休提取住房公积金 in 岳阳's catalogue."""
RETIREMENT_LICENCE: Final = "11000000TB000001XLT04"
"""退休证."""
QUESTION, ANSWER = "retired", "approved"
SCORE: Final = 5
PROMISED_DAYS: Final = 3

FLAW: Final = "银行卡复印件没有写明开户行"
EXPLANATION: Final = "经审核，符合退休提取条件，准予全额提取。"

PATIENCE_SECONDS: Final = 20.0
"""How long the story waits for what should take a fraction of a second."""

_LOOK_SECONDS: Final = 0.02
_VERDICTS: Final = ("integrity", "authority", "validity", "status", "holder")

_Seen = TypeVar("_Seen")


class StoryBroken(Exception):
    """Something is not as the story would have told it."""


def run_demo(lang: str, folder: Path | None) -> int:
    """Tell the story in ``zh`` or ``en``; the exit status.

    Without ``folder`` it happens in a temporary one, which is kept only when the story breaks off, for its logs.
    """
    narrator = Narrator(TEXTS[lang])
    place = folder or Path(tempfile.mkdtemp(prefix="tongban-demo-"))
    status = run_program(lambda: _tell(narrator, place))
    if status > 128:
        narrator.trouble("interrupted")
    if folder is None and status != 1:
        shutil.rmtree(place)
    return status


async def _tell(narrator: Narrator, place: Path) -> int:
    begun = time.monotonic()
    try:
        story = _Story(narrator, place)
        await story.tell()
    except (TongbanError, NotRunning, FolderInUse, DeskRefused, StoryBroken, aiohttp.ClientError, OSError) as error:
        narrator.blank()
        narrator.trouble("failed", reason=str(error) or type(error).__name__)
        narrator.trouble("failed_logs", folder=place / "logs")
        return 1
    narrator.blank()
    narrator.open("end_total", seconds=time.monotonic() - begun)
    narrator.open("end_next")
    return 0


@dataclass(slots=True)
class _Story:
    """The story as far as it has come."""

    narrator: Narrator
    place: Path
    resident: Person = field(default_factory=lambda: Person.named("resident"))
    phone: SoftwareSigner = field(default_factory=lambda: SoftwareSigner.generate(Algorithm.ES256, "phone"))
    hops: list[tuple[str, float]] = field(default_factory=list)

    async def tell(self) -> None:
        self.narrator.title("title")
        self._open("intro_1")
        self._open("intro_2")
        self._open("invented")
        async with contextlib.AsyncExitStack() as running:
            with self.narrator.step("boot"):
                self._start_hop()
                world = await running.enter_async_context(World(self.place))
                self._end_hop("hop_boot")
                self._say("boot_programs")
                self._say("boot_trust")
                self._say("boot_learned")
            await self._happen(world)
        self.narrator.title("end")
        self.narrator.table(
            ("end_hops", "end_seconds"),
            [(self.narrator.texts[hop], self._seconds(seconds)) for hop, seconds in self.hops],
        )

    async def _happen(self, world: World) -> None:
        here = _window(world, YUEYANG, Officer("430600-w12", "window", "岳阳市政务服务中心 12 号窗口"))
        there = _window(world, JINGZHOU, Officer("421000-b03", "back-office", "荆州市住房公积金中心"))
        retirement = await self._issue(there)
        matched = await self._translate(here)
        presentation, nonce = await self._present(here, retirement)
        case = await self._open_case(here, presentation, nonce)
        await self._deliver(world, case)
        await self._accept(world, here, case)
        flaw = await self._lack(world, here, case)
        await self._supplement(world, here, case, flaw, matched)
        decided = await self._decide(world, here, case)
        await self._result(here, decided)
        await self._rate(world, here, case)
        await self._prove(world, here, there, case)

    # before the window ----------------------------------------------------------------------------------------------

    async def _issue(self, there: Window) -> str:
        with self.narrator.step("issue"):
            issued = await there.issue_licence(
                licence_type=RETIREMENT_LICENCE,
                name="退休证",
                issuer_name="荆州市人力资源和社会保障局",
                holder_name=self.resident.name,
                holder_id_number=self.resident.id_number,
                surface={"退休时间": "2026-03", "原工作单位": "荆州测试建设有限公司"},
                valid_from=beijing_date(datetime.now(UTC) - timedelta(days=30)).isoformat(),
                holder_jwk=_jwk(self.phone),
            )
            self._say("issue_done", licence="退休证")
            self._say("licence_number", number=issued.licence_id)
        return issued.licence

    # at the window --------------------------------------------------------------------------------------------------

    async def _translate(self, here: Window) -> translation_pb2.Translation:
        with self.narrator.step("translate"):
            item = await here.item(YUEYANG.region, ITEM)
            self._say("translate_source", name=item.name)
            self._say("code", city=self._city(YUEYANG), code=item.code)
            asked = await here.translate(JINGZHOU.region, ITEM, {})
            _require(asked.outcome == translation_pb2.TRANSLATION_OUTCOME_NEEDS_FACTS, "no question was asked")
            (question,) = asked.questions
            self._say("translate_asks", question=question.text)
            self._say("translate_answer", answer=_option(question, ANSWER))
            matched = await here.translate(JINGZHOU.region, ITEM, {QUESTION: ANSWER})
            _require(matched.outcome == translation_pb2.TRANSLATION_OUTCOME_MATCHED, "the code does not translate")
            self._say("translate_target", name=matched.item.name)
            self._say("code", city=self._city(JINGZHOU), code=matched.item.code)
            ((fact, value),) = matched.products.items()
            theirs = next(each for each in matched.item.questions if each.key == fact)
            self._say("translate_why", row=matched.crosswalk_row, question=theirs.text, answer=_option(theirs, value))
            self._say(
                "translate_material",
                source=_material(item, "bank_card"),
                target=_material(matched.item, matched.material_keys["bank_card"]),
            )
        return matched

    async def _present(self, here: Window, retirement: str) -> tuple[str, str]:
        with self.narrator.step("present"):
            self._say("present_how")
            nonce = new_nonce()
            presentation = present(
                retirement,
                (HOLDER_NAME, HOLDER_CODE),
                audience=here.city.gateway,
                nonce=nonce,
                now=datetime.now(UTC),
                holder=self.phone,
            )
            self._verdicts(await here.verify_licence(presentation, nonce, PURPOSE_ACCEPTANCE))
            self._say("verdict_together")
        return presentation, nonce

    async def _open_case(self, here: Window, presentation: str, nonce: str) -> str:
        with self.narrator.step("open"):
            self._start_hop()
            opened = await here.open_case(
                ITEM,
                JINGZHOU.region,
                self.resident,
                [
                    scanned("id_card", "居民身份证", sample_scan("identity card")),
                    scanned("application", "申请表", sample_scan("application form")),
                    scanned("bank_card", "本人银行储蓄卡（一类账户）", sample_scan("bank card")),
                    shown_licence("retirement", "退休证", presentation),
                ],
                answers={QUESTION: ANSWER},
                presentation_nonce=nonce,
            )
            self._good("open_number", number=opened.case_number)
            self._say("open_materials")
            self._say("open_once")
        return opened.case_number

    async def _deliver(self, world: World, case: str) -> None:
        with self.narrator.step("deliver"):
            await self._platform_got(world, JINGZHOU, case, "submitted")
            self._end_hop("hop_deliver")
            await self._platform_got(world, YUEYANG, case, "submitted")
            self._good("deliver_done")
            for city in (YUEYANG, JINGZHOU):
                known = await world.desk(city.region).case(case)
                _require(
                    known is not None and known["copies"] == 1, f"{city.name} has not exactly one copy of the case"
                )
                self._say("local_number", city=self._city(city), number=known["local_number"] if known else "")

    # in 荆州, and back ----------------------------------------------------------------------------------------------

    async def _accept(self, world: World, here: Window, case: str) -> None:
        with self.narrator.step("accept"):
            self._start_hop()
            await world.desk(JINGZHOU.region).act(case, "accept", promised_days=PROMISED_DAYS)
            await self._window_sees(here, case, case_pb2.CASE_STATE_ACCEPTED)
            self._end_hop("hop_accept")
            seen = await here.case(case)
            self._good("accept_done", days=PROMISED_DAYS, due=seen.due_date)
            self._say("accept_seen")

    async def _lack(self, world: World, here: Window, case: str) -> str:
        with self.narrator.step("lack"):
            self._start_hop()
            items = [{"material_key": "bank_account", "flaw": FLAW}]
            await world.desk(JINGZHOU.region).act(case, "request-supplement", items=items)
            await self._window_sees(here, case, case_pb2.CASE_STATE_SUPPLEMENTING)
            self._end_hop("hop_lack")
            (wanted,) = (await here.case(case)).supplement_items
            self._say("lack_flaw", flaw=wanted.flaw)
            self._say("lack_clock")
        return wanted.material_key

    async def _supplement(
        self, world: World, here: Window, case: str, wanted: str, matched: translation_pb2.Translation
    ) -> None:
        with self.narrator.step("supplement"):
            self._start_hop()
            name = _material(matched.item, wanted)
            better = scanned(wanted, name, sample_scan("bank card with the name of the branch"))
            await here.supplement(case, [better], "已补写开户行")
            await self._platform_got(world, JINGZHOU, case, "supplemented")
            self._end_hop("hop_supplement")
            self._good("supplement_done", material=name)

    async def _decide(self, world: World, here: Window, case: str) -> case_pb2.Case:
        with self.narrator.step("decide"):
            self._start_hop()
            number = f"荆公积金提〔{beijing_date(datetime.now(UTC)).year}〕0001号"
            await world.desk(JINGZHOU.region).act(
                case, "decide", approved=True, explanation=EXPLANATION, result_number=number
            )
            await self._window_sees(here, case, case_pb2.CASE_STATE_DECIDED)
            self._end_hop("hop_decide")
            decided = await here.case(case)
            _require(bool(decided.result_licence), "the decision came without a licence")
            self._good("decide_done", number=number)
            self._say("decide_explanation", explanation=EXPLANATION)
            self._say("decide_licence", licence="住房公积金提取凭证")
        return decided

    async def _result(self, here: Window, decided: case_pb2.Case) -> None:
        with self.narrator.step("result"):
            self._say("result_done")
            verdict = await here.verify_licence(decided.result_licence, "", PURPOSE_RESULT)
            self._verdicts(verdict)
            self._say("licence_number", number=verdict.licence_id)

    async def _rate(self, world: World, here: Window, case: str) -> None:
        with self.narrator.step("rate"):
            self._start_hop()
            await here.rate(case, SCORE, "不用来回跑，很方便。")
            await self._platform_got(world, JINGZHOU, case, "rated")
            self._end_hop("hop_rate")
            self._good("rate_done", score=SCORE)

    # the proof ------------------------------------------------------------------------------------------------------

    async def _prove(self, world: World, here: Window, there: Window, case: str) -> None:
        directory, now = world.federation.directory, datetime.now(UTC)
        steps = (await here.case(case)).steps
        digests = [step.digest for step in steps]
        with self.narrator.step("proof"):
            ours, theirs = await _log(here, digests), await _log(there, digests)
            for log in (ours, theirs):
                _require(not log.report(directory, now).findings, f"the log of {log.member} does not hold")
            self._good("proof_logs", ours=len(ours.leaves), theirs=len(theirs.leaves))
            found = hold_together(ours, theirs)
            _require(not found.differences and found.agreed_events >= len(digests), "the logs differ")
            self._good("proof_agreed", agreed=found.agreed_events)
            for log in (ours, theirs):
                shown = b"".join(log.leaves).decode()
                _require(self.resident.id_number not in shown, "a log holds personal data")
            self._say("proof_private")
        with self.narrator.step("tamper"):
            decision = next(step for step in steps if step.event == "decided")
            place = theirs.find(decision.digest)
            if place is None:
                raise StoryBroken("the decision is not in the log")
            forged = theirs.forged(place, sha256(b"another decision").digest())
            self._say("tamper_try", number=place + 1)
            _require(bool(forged.report(directory, now).findings), "a changed leaf was not found")
            self._good("tamper_found")
            signed = forged.signed_again(world.federation.signer(JINGZHOU.gateway, KeyPurpose.LOG))
            _require(not signed.report(directory, now).findings, "the signed forgery should look right by itself")
            self._say("tamper_again")
            differences = hold_together(ours, signed).differences
            _require([each.seq for each in differences] == [decision.seq], "a signed forgery was not found")
            self._good("tamper_compared", seq=decision.seq)

    # telling --------------------------------------------------------------------------------------------------------

    def _verdicts(self, verdict: licence_pb2.LicenceVerdict) -> None:
        _require(verdict.acceptable, "the licence is not acceptable")
        texts = self.narrator.texts
        rows = [(texts[name], f"✓ {texts[getattr(verdict, name).code]}") for name in _VERDICTS]
        self.narrator.table(("verdict_question", "verdict_answer"), rows)

    def _open(self, key: str) -> None:
        self.narrator.open(key, applicant=mask_name(self.resident.name))

    def _say(self, key: str, **blanks: object) -> None:
        self.narrator.say(key, applicant=mask_name(self.resident.name), **blanks)

    def _good(self, key: str, **blanks: object) -> None:
        self.narrator.good(key, applicant=mask_name(self.resident.name), **blanks)

    def _city(self, city: City) -> str:
        return self.narrator.texts[city.region]

    def _seconds(self, seconds: float) -> str:
        return self.narrator.texts["seconds"].format(seconds=seconds)

    def _start_hop(self) -> None:
        self.hops.append(("", time.monotonic()))

    def _end_hop(self, name: str) -> None:
        _, begun = self.hops.pop()
        self.hops.append((name, time.monotonic() - begun))

    # waiting --------------------------------------------------------------------------------------------------------

    async def _platform_got(self, world: World, city: City, case: str, step: str) -> None:
        """Wait until a city's platform has received a step of the case."""

        async def look() -> bool:
            known = await world.desk(city.region).case(case)
            return known is not None and any(arrival["step"] == step for arrival in known["received"])

        await _until(look, f"{city.platform} to receive {step}")

    async def _window_sees(self, here: Window, case: str, state: case_pb2.CaseState) -> None:
        """Wait until a window sees the case in a state. The list shows nobody's data, so looking leaves no trace."""

        async def look() -> bool:
            return any(each.case_number == case and each.state == state for each in await here.cases())

        await _until(look, f"{here.city.gateway} to show {case_pb2.CaseState.Name(state)}")


def _window(world: World, city: City, officer: Officer) -> Window:
    return Window(world.client(city.platform), city, officer)


async def _log(window: Window, digests: list[bytes]) -> LogCopy:
    """A gateway's whole log, once it covers these events: leaves get their places within a second."""

    async def look() -> LogCopy | None:
        try:
            checkpoint = await window.checkpoint()
        except NotFound:
            return None  # not one leaf has its place yet
        size = int(checkpoint.splitlines()[1])
        copy = LogCopy(window.city.gateway, checkpoint, tuple(await window.leaves(size)))
        return copy if copy.holds_all(digests) else None

    return await _until(look, f"{window.city.gateway} to place its leaves")


async def _until(look: Callable[[], Awaitable[_Seen | None]], what: str) -> _Seen:
    """The first look that sees something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := await look()):
        if time.monotonic() > deadline:
            raise StoryBroken(f"waited {PATIENCE_SECONDS:.0f} s for {what}")
        await asyncio.sleep(_LOOK_SECONDS)
    return seen


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StoryBroken(otherwise)


def _jwk(signer: SoftwareSigner) -> str:
    return json.dumps(signer.public_jwk())


def _option(question: item_pb2.Question, key: str) -> str:
    return next(option.text for option in question.options if option.key == key)


def _material(item: item_pb2.Item, key: str) -> str:
    return next(material.name for material in item.materials if material.key == key)
