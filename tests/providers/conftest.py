"""The conformance suite runs once for each registered provider."""

import pytest

from providers.registry import PROVIDERS
from tests.providers.samples import SAMPLES, Sample


@pytest.fixture(params=PROVIDERS)
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[request.param]
