from __future__ import annotations

import pytest

from tests.trust.federation import Federation, two_cities


@pytest.fixture(scope="session")
def federation() -> Federation:
    return two_cities()
