"""What is taken over as a platform's catalogue."""

from __future__ import annotations

import pytest

from adapters.catalogue import checked
from trust.errors import Reason, WrongState


def test_a_catalogue_without_items_is_not_taken_over() -> None:
    with pytest.raises(WrongState) as caught:
        checked("430600", "岳阳市事项", 3, ())
    assert caught.value.reason is Reason.PLATFORM_REFUSED
