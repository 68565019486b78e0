"""The twin of section 6.1 differs from the Vision Transformer in its even weights alone."""

import torch

from qkv_lib.experiments.even import even_recipe, even_vit
from qkv_lib.experiments.images import RECIPES
from qkv_lib.layers import recorded_weights
from qkv_lib.models import VisionTransformer


def test_every_weight_is_the_same_in_every_block_and_stays_so_in_training() -> None:
    model = even_vit()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(3):
        with recorded_weights(model) as recorded:
            loss = model(torch.rand(2, 28, 28)).square().sum()
        assert len(recorded) == 2
        for (weights,) in recorded.values():
            torch.testing.assert_close(weights, torch.full_like(weights, 1 / 17))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def test_a_vision_transformer_with_queries_of_zero_is_the_twin() -> None:
    vit, twin = VisionTransformer(), even_vit()
    for block in vit.blocks:
        for parameter in block.attention.query.parameters():
            torch.nn.init.zeros_(parameter)
    kept = {name: x for name, x in vit.state_dict().items() if ".query." not in name}
    twin.load_state_dict(kept)  # all else is there, under the same names
    images = torch.rand(3, 28, 28)
    torch.testing.assert_close(twin(images), vit(images))


def test_the_twin_is_trained_like_the_vision_transformer() -> None:
    assert even_recipe()._replace(make=VisionTransformer) == RECIPES["ViT"]
