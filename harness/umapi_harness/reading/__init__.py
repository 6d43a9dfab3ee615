"""Reading: the judge of the SDK, which reads recorded answers and is held to what they say.

This package alone puts the SDK beside the contract; what an answer means it is told by `expectations`, which
shares no code with the SDK.
"""

from __future__ import annotations

from umapi_harness.reading.sdk import SdkJudge

__all__ = ["SdkJudge"]
