"""What to look at and to try in a sandbox that stays up: what listens where, and commands that work as printed."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sandbox.configuration import HOST, callback_url, log_name
from sandbox.federation import CITIES, JINGZHOU, YUEYANG
from sandbox.files import write_secret
from sandbox.window import Person, sample_scan
from verifier.build import build

CASE: Final = "NUMBER"
"""Stands in the commands for the number of the case that one of them opens."""

_ITEM: Final = "12430600TB4306016C343209000100001"
_RECORD: Final = "11430600TB4306024A300209003300001"
"""开具无犯罪记录证明: both cities map it to the national list, and nobody maps it directly."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something to try."""

    why: str
    """What it shows, Chinese and English."""
    text: str
    """For a shell, with ``CASE`` where a case number belongs."""


def write_application(folder: Path) -> Path:
    """Write an application that ``tongban case open`` takes, beside its scans; its path.

    The applicant has reached the age and not retired yet, so that a promise does instead of a licence.
    """
    person = Person.named("retiree_by_age")
    scans = {"id_card": ("居民身份证", "identity card"), "application": ("申请表", "application form"),
             "bank_card": ("本人银行储蓄卡（一类账户）", "bank card")}  # fmt: skip
    place = folder / "application"
    for key, (_, title) in scans.items():
        write_secret(place / f"{key}.pdf", sample_scan(title))
    content = {
        "item_code": _ITEM,
        "processing_region": JINGZHOU.region,
        "answers": {"retired": "age_reached"},
        "applicant": {
            "type": "PERSON",
            "name": person.name,
            "id_type": "111",
            "id_number": person.id_number,
            "phone": person.phone,
        },
        "materials": [
            *({"key": key, "name": name, "file": f"{key}.pdf"} for key, (name, _) in scans.items()),
            {"key": "not_employed", "name": "未再就业承诺书", "carrier": "PROMISE"},
        ],
    }
    path = place / "application.json"
    write_secret(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
    return path


def write_verifier(folder: Path) -> Path:
    """Write the program that courts get, as ``make verifier`` builds it; its path."""
    path = folder / "tongban-verify"
    path.write_bytes(build())
    return path


def commands(folder: Path, ports: Mapping[str, int], application: Path, verifier: Path) -> tuple[Command, ...]:
    """What to try, in this order."""
    tongban = _shown(Path(sys.executable).with_name("tongban"))
    here = _shown(folder / f"{YUEYANG.platform}.toml")
    bundle, trustees = _shown(folder / "evidence.zip"), _shown(folder / "trustees.json")
    gateways = [_shown(folder / f"{city.gateway}.toml") for city in CITIES]
    desk = f"http://{HOST}:{ports[JINGZHOU.platform]}/desk/cases"
    translate = f"{tongban} translate {_ITEM} --from {YUEYANG.region} --to {JINGZHOU.region} --as {here}"
    return (
        Command("岳阳的编码在荆州是什么？要先答一个问题 · a code that needs a question answered", translate),
        Command("答了就有唯一的对应 · answered, it is exactly one item", f"{translate} --answer retired=age_reached"),
        Command(
            "没有直接对照，可借国家基本目录 · no row leads there, but the national list does",
            f"{translate.replace(_ITEM, _RECORD)} --allow-chain",
        ),
        Command(
            "对照表里的两行，和谁签过 · two rows of the crosswalk, and who signed for them",
            f"{tongban} crosswalk rows --as {here} --between {YUEYANG.region} {JINGZHOU.region} --code {_ITEM} "
            "--limit 2",
        ),
        Command(
            "给申请人的明白卡 · all that the applicant needs to know",
            f"{tongban} guide {_ITEM} --from {YUEYANG.region} --to {JINGZHOU.region} --as {here} "
            "--answer retired=age_reached",
        ),
        Command(
            "对照了多少，还缺哪些 · how far the catalogues are mapped, and what is missing",
            f"{tongban} catalogue coverage --from {YUEYANG.region} --to {JINGZHOU.region} --as {here}",
        ),
        Command(
            "岳阳窗口收件 · take an application in 岳阳", f"{tongban} case open --as {here} -f {_shown(application)}"
        ),
        Command("办件列表，记下编号 NUMBER · list cases, note the number", f"{tongban} case list --as {here}"),
        Command("荆州的平台收到了什么 · what 荆州's platform has", f"curl -s {desk}"),
        Command(
            "荆州受理 · 荆州's staff accept it",
            f"""curl -s -X POST {desk}/{CASE}/accept -d '{{"promised_days": 3}}'""",
        ),
        Command("岳阳随即看到 · 岳阳 sees it at once", f"{tongban} case show {CASE} --as {here}"),
        Command("两地日志对账 · compare both audit logs", f"{tongban} audit compare -c {gateways[0]} -c {gateways[1]}"),
        Command(
            "谁看过这个办件 · who looked at this case",
            f"{tongban} audit search --as {here} --officer o-audit --role audit --case {CASE}",
        ),
        Command("日志有没有警报 · is anything wrong with the logs", f"{tongban} audit alarms --as {here}"),
        Command(
            "导出办件证据 · the evidence of the case in one file",
            f"{tongban} audit export {CASE} -c {gateways[0]} --out {bundle}",
        ),
        Command(
            "不问网关，离线核验 · verify it without asking anybody, with one file that needs no gateway",
            f"{_shown(Path(sys.executable))} {_shown(verifier)} {bundle} --trustees {trustees} --threshold 2",
        ),
    )


def show(console: Console, folder: Path, ports: Mapping[str, int], to_try: Iterable[Command]) -> None:
    """Print the guide."""
    for city in CITIES:
        callback = "轮询 polled" if city.polls else callback_url(city, ports)
        _show_city(
            console,
            f"{city.name} {city.region}",
            {
                "网关 gateway (gRPC, mTLS)": f"{HOST}:{ports[city.gateway]}",
                "存证日志 audit log (HTTP)": f"http://{HOST}:{ports[log_name(city)]}/checkpoint",
                "平台 platform (HTTP)": f"http://{HOST}:{ports[city.platform]}",
                "经办台 desk": f"http://{HOST}:{ports[city.platform]}/desk/cases",
                "平台回调 callback": callback,
                "网关配置 gateway config": _shown(folder / f"{city.gateway}.toml"),
                "窗口配置 client config": _shown(folder / f"{city.platform}.toml"),
            },
        )
    console.print(f"日志 logs: {_shown(folder / 'logs')}")
    console.print()
    console.print(Text("试试 · Try", style="bold"))
    for command in to_try:
        console.print(Text(f"# {command.why}", style="dim"))
        console.print(Text(command.text), soft_wrap=True)  # a terminal may wrap it, and it is copied whole
    console.print()
    console.print("Ctrl-C 停止全部 · stops everything")


def _show_city(console: Console, name: str, lines: Mapping[str, str]) -> None:
    console.print(Text(name, style="bold"))
    width = max(cell_len(label) for label in lines)
    for label, value in lines.items():
        console.print(f"  {label}{' ' * (width - cell_len(label))}  {value}")
    console.print()


def _shown(path: Path) -> str:
    """A path as somebody would type it here."""
    try:
        return shlex.quote(str(path.relative_to(Path.cwd())))
    except ValueError:
        return shlex.quote(str(path))
