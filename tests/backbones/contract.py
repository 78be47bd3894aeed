"""What every backbone promises; a new backbone inherits these tests by naming its expression."""

from __future__ import annotations

import copy
import functools
import itertools
from typing import ClassVar

import pytest
import torch

from backbones.networks.contract import Backbone
from specs.expression import Call, parse
from specs.registry import BACKBONES


@functools.cache
def built(expression: str) -> Backbone:
    """A backbone in evaluation mode, built once for all tests; none of them changes it."""
    backbone: Backbone = BACKBONES.build(expression)
    return backbone.eval()


class BackboneContract:
    """Inherit and set ``expression``.

    Attributes:
        expression: of the backbone.
        size: an image size that it takes.
        slack: how many pixels a feature map may be smaller than the stride says (unpadded convolutions).
    """

    expression: ClassVar[str]
    size: ClassVar[int] = 64
    slack: ClassVar[int] = 1

    @pytest.fixture
    def backbone(self) -> Backbone:
        return built(self.expression)

    def image(self, size: int | None = None, channels: int = 3) -> torch.Tensor:
        size = size or self.size
        return torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))

    def test_its_stages_hold_every_tensor_once_and_in_order(self, backbone: Backbone) -> None:
        names = [stage.name for stage in backbone.stages]
        seen = list(dict.fromkeys(backbone.stage_of(key) for key in backbone.weights()))
        assert seen == names
        changes = [backbone.stage_of(key) for key in backbone.weights()]
        assert sum(a != b for a, b in itertools.pairwise(changes)) == len(names) - 1

    def test_its_feature_maps_have_the_declared_channels_and_strides(self, backbone: Backbone) -> None:
        with torch.no_grad():
            maps = backbone.features(self.image())
        assert len(maps) == len(backbone.stages)
        for stage, found in zip(backbone.stages, maps, strict=True):
            assert found.shape[:2] == (2, stage.channels)
            for pixels in found.shape[2:]:
                assert 0 <= -(-self.size // stage.stride) - pixels <= self.slack

    def test_it_pools_to_one_vector_per_image(self, backbone: Backbone) -> None:
        with torch.no_grad():
            assert backbone(self.image()).shape == (2, backbone.num_features)

    def test_it_takes_gray_images_on_request(self) -> None:
        call = parse(self.expression)
        gray: Backbone = BACKBONES.build(Call(call.name, call.args, (*call.kwargs, ("in_channels", 1))))
        with torch.no_grad():
            assert gray.eval()(self.image(channels=1)).shape == (2, gray.num_features)

    def test_a_draw_depends_on_its_generator_alone(self, backbone: Backbone) -> None:
        state = torch.get_rng_state()
        first, again, other = (backbone.draw(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert torch.equal(torch.get_rng_state(), state)
        assert list(first) == list(backbone.weights())
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert any(not torch.equal(first[name], other[name]) for name in first)

    def test_no_two_tensors_share_memory(self, backbone: Backbone) -> None:
        places = [tensor.data_ptr() for tensor in backbone.weights().values() if tensor.numel()]
        assert len(set(places)) == len(places)

    def test_its_weights_go_round_trip_strictly(self, backbone: Backbone) -> None:
        twin = copy.deepcopy(backbone)
        twin.network.load_state_dict(backbone.draw(torch.Generator().manual_seed(3)))
        with torch.no_grad():
            assert not torch.equal(twin(self.image()), backbone(self.image()))
        twin.network.load_state_dict(backbone.weights())
        with torch.no_grad():
            assert torch.equal(twin(self.image()), backbone(self.image()))

    def test_the_pooled_feature_trains_every_parameter(self, backbone: Backbone) -> None:
        twin = copy.deepcopy(backbone)
        (twin(self.image()) ** 2).sum().backward()
        idle = [name for name, parameter in twin.network.named_parameters() if parameter.grad is None]
        assert idle == []
