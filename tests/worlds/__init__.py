"""Small random worlds, made through the API alone, random calls on them, and flows worth asking about.

    scene = random_world(wall, seeded(seed))             # of a new Wall(); the same seed makes the same world
    seen = picture(scene.wall, scene.accounts)           # tests.naive
    for flow in flows(seen, seeded(seed)):
        passes(seen, *flow)
    make_random_call(scene, seeded(seed))                # may be refused, as calls are
    after = picture(scene.wall, scene.accounts)
    flows(seen, seeded(seed), about=changed(seen, after))    # most of them at the edges of the rules that differ

Nothing of a scene but ``wall`` and ``accounts`` needs to be known to use it. Values come from a few, so that they meet:
blocks that hold each other, ports side by side, groups that share members. A call is one of the wall's account; the
other account's VPC, where there is one, changes only by the peering's end.
"""

from __future__ import annotations

from tests.worlds.calls import make_random_call, random_call
from tests.worlds.making import random_world
from tests.worlds.probes import changed, flows
from tests.worlds.values import OTHER_ACCOUNT, Scene, seeded

__all__ = ["OTHER_ACCOUNT", "Scene", "changed", "flows", "make_random_call", "random_call", "random_world", "seeded"]
