"""Example calls of plans."""

from __future__ import annotations

from tests.scenes import Json

EXAMPLES: dict[str, list[Json]] = {
    "PlanCut": [
        {"From": "192.0.2.0/24", "To": "$web", "Protocol": "tcp", "FromPort": 443, "ToPort": 443},
        {"From": "anywhere", "To": "$web", "MaySplit": False},
    ],
}
