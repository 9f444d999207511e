"""Looking whether a gateway could run, and trying to."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import Result

from gateway.domain.catalogue import Catalogue
from gateway.domain.catalogue_file import dump_catalogue
from gateway.domain.crosswalk_csv import write_csv
from sandbox.federation import DATA
from tests.gateway.cli.installation import JINGZHOU, WINDOW, YUEYANG, Federation, Run
from tests.gateway.exchange.world import item, row
from trust.keys import KeyPurpose
from trust.review import Review, Verdict, sign_review
from trust.signed_call import Officer


def test_a_whole_configuration_is_fine(federation: Federation, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGBAN_CONFIG", "elsewhere")  # the commands' own variables are no settings
    answer = run("config", "check", federation.gateway_config(YUEYANG))
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "ok")
    assert "岳阳市" in answer.stdout
    assert not (federation.folder / f"{YUEYANG}.sqlite").exists()


def test_for_how_long_personal_data_are_kept_is_said_in_words(federation: Federation, run: Run) -> None:
    config = federation.gateway_config(YUEYANG)
    assert "personal data kept  for ever" in run("config", "check", config).stdout
    section = '\n[retention]\nmonths = 60\n[retention.regions]\n"500000" = 0\n"421000" = 120\n'
    config.write_text(config.read_text("utf-8") + section, "utf-8")
    wanted = "60 months after a case's last event; 421000: 120 months after a case's last event; 500000: for ever"
    assert wanted in run("config", "check", config).stdout


@pytest.mark.parametrize("section", ["months = -1", "months = 1201", "months = 1.5", "regions = {'42100' = 1}"])
def test_a_term_that_is_none_is_named(federation: Federation, run: Run, section: str) -> None:
    config = federation.gateway_config(YUEYANG)
    config.write_text(config.read_text("utf-8") + f"\n[retention]\n{section}\n", "utf-8")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert "retention." in answer.stderr


def test_a_clients_configuration_is_checked_too(federation: Federation, run: Run) -> None:
    answer = run("config", "check", federation.client_config(), "--client")
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "ok")


def test_the_two_kinds_of_configuration_are_told_apart(federation: Federation, run: Run) -> None:
    gateways, clients = federation.gateway_config(YUEYANG), federation.client_config()
    assert "is not a gateway's configuration" in run("config", "check", clients).stderr
    assert "is not a client's configuration" in run("config", "check", gateways, "--client").stderr


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("430600.gateway-log.pem", "KEY_FILE_UNREADABLE"),
        ("at-rest.key", "KEY_FILE_UNREADABLE"),
        ("certificate.pem", "KEY_FILE_UNREADABLE"),
        ("directory.jws", "DIRECTORY_UNTRUSTED"),
        ("430600.gateway.toml", "CONFIG_INVALID"),
    ],
)
def test_whatever_is_wrong_is_named(federation: Federation, run: Run, spoil: str, reason: str) -> None:
    config = federation.gateway_config(YUEYANG)
    (federation.folder / spoil).write_bytes(b"spoilt")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"error: {reason}")
    assert "Traceback" not in answer.output


def test_a_misspelled_setting_is_named(federation: Federation, run: Run) -> None:
    config = federation.gateway_config(YUEYANG)
    config.write_text(config.read_text("utf-8").replace("listen =", "lissen ="), "utf-8")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert "server.listen: is missing; server.lissen: is no setting" in answer.stderr


SECTION = '[audit.timestamps]\nauthorities = ["http://tsa.example/tsr"]\nroots = "roots.pem"\n'


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        ("http://tsa.example/tsr", "tsa.example", "audit.timestamps.authorities.0: expected a URL of http or https"),
        ("http://tsa.example", "http://me:secret@tsa.example", "without a name and password"),
        ("http://tsa.example", "file://tsa.example", "expected a URL of http or https"),
        ('"http://tsa.example/tsr"', "", "audit.timestamps.authorities: "),
        ('"roots.pem"', '"roots.pem"\npolicy = "1.x"', "audit.timestamps.policy: "),
        ('"roots.pem"', '"roots.pem"\nclosed_after_seconds = 119.9', "at least twice every_seconds"),
        ('"roots.pem"', '"roots.pem"\nclosed_after_seconds = -1', "audit.timestamps.closed_after_seconds: "),
        ('"roots.pem"', '"roots.pem"\nevery_seconds = 0.05', "audit.timestamps.every_seconds: "),
        ("roots.pem", "nowhere.pem", "correct [audit.timestamps] roots"),
        ("roots.pem", "at-rest.key", "at-rest.key holds no certificates"),
    ],
)
def test_faults_in_who_stamps_the_log_are_named(
    federation: Federation, run: Run, changed: str, to: str, said: str
) -> None:
    config = federation.gateway_config(YUEYANG)
    before = config.read_text("utf-8")
    (federation.folder / "roots.pem").write_bytes((federation.folder / "certificate.pem").read_bytes())
    config.write_text(before + SECTION + "closed_after_seconds = 120\n", "utf-8")
    answer = run("config", "check", config)
    assert answer.exit_code == 0
    assert "http://tsa.example/tsr" in answer.stdout
    config.write_text(before + SECTION.replace(changed, to), "utf-8")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "secret" not in answer.stderr


def test_what_would_keep_the_gateway_from_starting_is_found_before(federation: Federation, run: Run) -> None:
    config = federation.gateway_config(JINGZHOU)
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert "is not this gateway's" in answer.stderr, "the certificate in the folder is 岳阳's"

    config = federation.gateway_config(YUEYANG)
    federation.key_file(YUEYANG, KeyPurpose.STATUS).replace(federation.key_file(YUEYANG, KeyPurpose.LICENCE))
    federation.key_file(JINGZHOU, KeyPurpose.STATUS).replace(federation.key_file(YUEYANG, KeyPurpose.STATUS))
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert "the directory does not list this gateway's licence key" in answer.stderr


def test_a_dialect_that_no_adapter_has_is_found_before(federation: Federation, run: Run) -> None:
    config = federation.gateway_config(YUEYANG)
    credentials = federation.folder / "credentials.json"
    credentials.touch(mode=0o600)
    credentials.write_text('{"account": "tongban", "secret": "sample"}', "utf-8")
    section = (
        f'[platform]\nmember = "{WINDOW}"\ndialect = "hunan"\nbase_url = "http://x"\ncredentials = "{credentials}"\n'
    )
    config.write_text(config.read_text("utf-8") + section, "utf-8")
    assert run("config", "check", config).exit_code == 0
    config.write_text(config.read_text("utf-8").replace('"hunan"', '"hunnan"'), "utf-8")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert "dialect 'hunnan'" in answer.stderr


@pytest.mark.parametrize(
    ("setting", "content"),
    [
        ("files", b"{}"),
        ("files", "岳阳".encode("gb18030")),
        ("crosswalks", b"id,source_code\n"),
        ("crosswalks", "岳阳".encode("gb18030")),
        ("reviews", "岳阳".encode("gb18030")),
        ("calendars", b"{}"),
    ],
)
def test_a_faulty_file_of_facts_is_named_to_the_operator(
    federation: Federation, run: Run, setting: str, content: bytes
) -> None:
    config = federation.gateway_config(YUEYANG)
    (federation.folder / "facts").write_bytes(content)
    config.write_text(config.read_text("utf-8") + f'[catalogues]\n{setting} = ["facts"]\n', "utf-8")
    answer = run("config", "check", config)
    assert answer.exit_code == 2
    assert f"error: CONFIG_INVALID: {federation.folder / 'facts'}" in answer.stderr
    assert "提示" not in answer.stderr, "no window can mend it"


def test_rows_that_no_longer_fit_their_catalogues_are_remarked(federation: Federation, run: Run) -> None:
    config = federation.gateway_config(YUEYANG)
    crosswalk = (DATA / "crosswalk-430600-421000.csv").read_text("utf-8")
    (federation.folder / "crosswalk.csv").write_text(
        crosswalk.replace("12421000TB421001493422090002000", "12421000TB421001493422099009000"), "utf-8"
    )
    files = json.dumps([str(DATA / f"catalogue-{region}.json") for region in ("430600", "421000")])
    config.write_text(
        config.read_text("utf-8") + f'[catalogues]\nfiles = {files}\ncrosswalks = ["crosswalk.csv"]\n', "utf-8"
    )
    answer = run("config", "check", config)
    assert answer.exit_code == 0
    assert "crosswalk: YJ-001" in answer.stderr


def check_with(federation: Federation, run: Run, catalogues: str) -> Result:
    """Check a configuration with these settings in ``[catalogues]``."""
    config = federation.gateway_config(YUEYANG)
    config.write_text(f"{config.read_text('utf-8')}[catalogues]\n{catalogues}\n", "utf-8")
    return run("config", "check", config)


def test_reviews_are_verified_and_those_that_do_not_count_are_remarked(federation: Federation, run: Run) -> None:
    rows = [row("S-1", "T-1"), row("S-2", "T-2")]
    (federation.folder / "crosswalk.csv").write_text(write_csv(rows), "utf-8")
    reviews = [
        sign_review(
            Review(
                member,
                Officer("w1", "reviewer", "1"),
                Verdict.APPROVE,
                frozenset({rows[0].hash}),
                datetime.now(UTC),
                "",
            ),
            federation.signers[member, KeyPurpose.MESSAGE],
        )
        for member in (YUEYANG, JINGZHOU)
    ]
    (federation.folder / "reviews.jws").write_text("\n".join([*reviews, "", reviews[0][:-4] + "AAAA", ""]), "utf-8")
    answer = check_with(federation, run, 'crosswalks = ["crosswalk.csv"]\nreviews = ["reviews.jws"]')
    assert answer.exit_code == 0
    assert "2 crosswalk rows, 1 of them signed for by both ends" in answer.stdout
    assert "review 3 does not count: SIGNATURE_WRONG" in answer.stderr
    assert "review 1" not in answer.stderr


def test_rows_that_contradict_each_other_are_remarked(federation: Federation, run: Run) -> None:
    for number, target in enumerate(("T-1", "T-2")):
        contradicting = [row("S-1", target, id=f"row-{number}")]
        (federation.folder / f"{number}.csv").write_text(write_csv(contradicting), "utf-8")
    answer = check_with(federation, run, 'crosswalks = ["0.csv", "1.csv"]')
    assert answer.exit_code == 0
    assert "rows row-0 and row-1 could both apply to one case" in answer.stderr


def test_elements_that_items_do_not_state_are_counted(federation: Federation, run: Run) -> None:
    items = (item("430600", "S-1"), item("430600", "S-2", conditions="年满十八周岁"), item("430600", "S-3", modes=()))
    catalogue = Catalogue("430600", "岳阳目录", 1, items)
    (federation.folder / "catalogue.json").write_bytes(dump_catalogue(catalogue))
    answer = check_with(federation, run, 'files = ["catalogue.json"]')
    assert answer.exit_code == 0
    assert "1 items that may cross provinces don't state 申请条件" in answer.stderr
    assert "2 items that may cross provinces don't state 审核程序" in answer.stderr


def test_serve_says_why_it_does_not_start(federation: Federation, run: Run, tmp_path: object) -> None:
    config = federation.gateway_config(YUEYANG)
    federation.key_file(YUEYANG, KeyPurpose.LOG).chmod(0o644)
    answer = run("serve", "--config", config)
    assert answer.exit_code == 2
    assert "error: KEY_FILE_EXPOSED" in answer.stderr


def test_serve_wants_a_configuration(run: Run) -> None:
    answer = run("serve")
    assert answer.exit_code == 2
    assert "--config" in answer.stderr
