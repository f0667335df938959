"""The small committee of the proposals' tests."""

from tests.proposals.conftest import clerk_unit, draft, filed, house, submitted

__all__ = ["clerk_unit", "draft", "filed", "house", "submitted"]
