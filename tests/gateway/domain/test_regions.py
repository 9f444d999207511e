from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.regions import find_region, from_padded, parts_of, province_of, region_on
from trust.errors import Malformed, NotFound

NOW = date(2026, 11, 21)
LAST_DAY_OF_THE_COUNTY = date(2020, 6, 11)
FIRST_DAY_OF_THE_CITY = date(2020, 6, 12)


@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("430600", NOW, "岳阳市"),
        ("430000", NOW, "湖南省"),
        ("421000", NOW, "荆州市"),
        ("421023", LAST_DAY_OF_THE_COUNTY, "监利县"),
        ("421088", FIRST_DAY_OF_THE_CITY, "监利市"),
    ],
)
def test_a_code_names_its_region_on_a_day(code: str, day: date, name: str) -> None:
    assert region_on(code, day).name == name


@pytest.mark.parametrize(("code", "day"), [("421023", FIRST_DAY_OF_THE_CITY), ("421088", LAST_DAY_OF_THE_COUNTY)])
def test_a_code_is_refused_outside_its_days(code: str, day: date) -> None:
    with pytest.raises(NotFound, match="not valid on"):
        region_on(code, day)


def test_the_refusal_of_an_old_code_names_its_successor() -> None:
    with pytest.raises(NotFound, match="use 421088"):
        region_on("421023", NOW)


def test_an_old_code_can_still_be_looked_up() -> None:
    region = find_region("421023")
    assert region is not None
    assert not region.valid_on(NOW)


@pytest.mark.parametrize("code", ["", "4306", "430600000000", "43060a", "４３0600"])
def test_what_is_not_six_digits_is_malformed(code: str) -> None:
    with pytest.raises(Malformed, match="six digits"):
        region_on(code, NOW)


def test_a_place_outside_the_table_is_unknown_and_its_province_is_known() -> None:
    with pytest.raises(NotFound, match="440300"):
        region_on("440300", NOW)
    assert find_region("440300") is None
    assert province_of("440300").name == "广东省"


def test_the_parts_of_each_city_are_those_of_the_day() -> None:
    yueyang = ["430602", "430603", "430611", "430621", "430623", "430624", "430626", "430681", "430682"]
    assert [region.code for region in parts_of("430600", NOW)] == yueyang
    jingzhou = ["421002", "421003", "421022", "421024", "421081", "421083", "421087", "421088"]
    assert [region.code for region in parts_of("421000", NOW)] == jingzhou
    assert "421023" in [region.code for region in parts_of("421000", LAST_DAY_OF_THE_COUNTY)]
    assert [region.code for region in parts_of("430000", NOW)] == ["430600", *yueyang]


@pytest.mark.parametrize("code", ["430602", "430600000000", "430000"])
def test_the_province_of_a_region_is_found_from_its_first_two_digits(code: str) -> None:
    assert province_of(code).code == "430000"


@pytest.mark.parametrize("code", ["990000", "", "00"])
def test_two_digits_of_no_province_are_malformed(code: str) -> None:
    with pytest.raises(Malformed, match="province"):
        province_of(code)


def test_padding_goes_to_twelve_digits_and_back() -> None:
    padded = region_on("430600", NOW).padded
    assert padded == "430600000000"
    assert from_padded(padded) == "430600"


def test_unpadding_refuses_to_lose_a_town() -> None:
    with pytest.raises(Malformed, match="town or village"):
        from_padded("430602001000")


@pytest.mark.parametrize("code", ["430600", "43060000000", "4306000000000", "43060000000x"])
def test_unpadding_refuses_what_is_not_twelve_digits(code: str) -> None:
    with pytest.raises(Malformed, match="twelve digits"):
        from_padded(code)
