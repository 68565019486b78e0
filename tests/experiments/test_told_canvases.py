"""What section 6.1 says of the maps of three models, against their stored results."""

from qkv_lib.experiments.canvases import TABLE
from tests.holds import holds


@holds("But mass also punishes a map for being spread out; by its highest patch, rollout beats ink "
       "in all three models that are compared below.",
       "By mass, rollout is not clearly ahead of ink either, but by its highest patch and in the "
       "deletion curve it does better than ink.")  # fmt: skip
def test_rollout_beats_ink_by_hits_and_not_by_mass() -> None:
    maps = [run["maps"] for run in TABLE.runs if run["model"] == "ViT"]
    assert len(maps) == 3
    for each in maps:
        rollout, ink = each["rollout"], each["ink"]
        assert rollout["hits"] > ink["hits"] + 0.1
        assert rollout["mass"] < ink["mass"] + 0.01
        assert rollout["deletion"] < ink["deletion"]
