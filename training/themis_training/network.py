"""The reward network: a BERT-shaped deep path and a wide path of hashed token n-grams, summed in one graph."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from themis_model.criterion import CRITERIA
from themis_model.encode import MAX_TOKENS
from themis_model.tokens import EDIT, END_EDIT, PAD

# One odd multiplier per n-gram length; products stay far below 2^63 for any vocabulary under 2^17.
MULTIPLIER = 1_000_003
HASH_SPACE = 1 << 40
FACTOR, SHIFT = 7919, 12345


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a network; one dial, the layers, sets the rest of the deep path.

    Attributes:
        vocabulary: number of token ids.
        layers: of the deep path; 0 leaves it out.
        hidden: width of the deep path.
        buckets: of the wide path, a power of two; 0 leaves it out.
        longest_gram: n-grams of 1..this many tokens.
        power: of the number of n-grams by which the wide path's sum is divided: 0 is a sum, 1 a mean.
        classes: of tokens that the wide path counts besides; 0 leaves that out.
    """

    vocabulary: int
    layers: int
    hidden: int
    buckets: int
    longest_gram: int = 2
    power: float = 0.5
    classes: int = 0

    @property
    def bert(self) -> BertConfig:
        """The configuration of the deep path: heads of 64, a feed-forward four times as wide."""
        return BertConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.hidden,
            num_hidden_layers=self.layers,
            num_attention_heads=self.hidden // 64,
            intermediate_size=4 * self.hidden,
            max_position_embeddings=MAX_TOKENS,
            type_vocab_size=2,
            pad_token_id=PAD,
            num_labels=len(CRITERIA),
        )


class RewardNetwork(PreTrainedModel):
    """Token ids ``[batch, tokens]`` to rewards ``[batch, 5]``."""

    config_class = BertConfig
    main_input_name = "input_ids"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape.bert)
        self.shape = shape
        self.deep = BertModel(shape.bert, add_pooling_layer=False) if shape.layers else None
        if self.deep is not None:
            self.head = nn.Linear(2 * shape.hidden, len(CRITERIA))
            nn.init.normal_(self.head.weight, std=0.02)
            nn.init.zeros_(self.head.bias)
        self.wide = None
        if shape.buckets:
            counts = Counts(shape.vocabulary, shape.classes) if shape.classes else None
            self.wide = Wide(shape.buckets, shape.longest_gram, power=shape.power, counts=counts)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> SequenceClassifierOutput:
        """Rewards as the logits of a Hugging Face sequence classifier, which is what optimum exports."""
        return SequenceClassifierOutput(logits=cast("torch.FloatTensor", self.rewards(input_ids, attention_mask)))

    def rewards(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Rewards ``[batch, 5]``; without a mask every token counts, as in serving, where nothing is padded."""
        seen = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        region = changed_region(input_ids)
        reward = input_ids.new_zeros((input_ids.shape[0], len(CRITERIA)), dtype=torch.float32)
        if self.deep is not None:
            states = self.deep(input_ids, attention_mask=seen, token_type_ids=region).last_hidden_state.float()
            pooled = torch.cat([_mean(states, region * seen), _mean(states, seen)], dim=-1)
            reward = reward + self.head(pooled)
        if self.wide is not None:
            reward = reward + self.wide(input_ids, region, seen)
        return reward


class Counts(nn.Module):
    """How much there is of each class of tokens in the changed region, on two scales: what makes code long or deep.

    A sum of n-grams divided by their number cannot say so.
    """

    def __init__(self, vocabulary: int, classes: int) -> None:
        super().__init__()
        self.classes: Tensor
        self.register_buffer("classes", torch.zeros((vocabulary, classes), dtype=torch.uint8))
        self.head = nn.Linear(2 * classes, len(CRITERIA), bias=False)
        nn.init.zeros_(self.head.weight)

    def features(self, ids: Tensor, region: Tensor) -> Tensor:
        """``[batch, 2 * classes]``: the logarithm of one more than each count, and its root."""
        counts = (self.classes[ids].float() * region.unsqueeze(-1)).sum(dim=1)
        return torch.cat([torch.log1p(counts), torch.sqrt(counts)], dim=-1)

    def forward(self, ids: Tensor, region: Tensor) -> Tensor:
        """Rewards ``[batch, 5]`` of ids and a region mask without padding, each ``[batch, tokens]``."""
        return cast("Tensor", self.head(self.features(ids, region)))


class Wide(nn.Module):
    """Sum of one weight per hashed n-gram that touches the changed region, over a power of their number.

    The damping keeps a large edit from being certain merely because it is large.
    """

    def __init__(
        self,
        buckets: int,
        longest_gram: int,
        damping: float = 4.0,
        columns: int = len(CRITERIA),
        power: float = 0.5,
        counts: Counts | None = None,
    ) -> None:
        super().__init__()
        self.counts = counts
        self.buckets = buckets
        self.longest_gram = longest_gram
        self.damping = damping
        self.power = power
        self.table = nn.Embedding(buckets, columns)
        nn.init.zeros_(self.table.weight)
        self.scale: Tensor
        self.register_buffer("scale", torch.ones(columns), persistent=False)

    def even_out(self) -> None:
        """Give all columns of the table one range, as they share one scale in int8; what comes out stays the same."""
        with torch.no_grad():
            largest = self.table.weight.abs().amax(dim=0).clamp(min=torch.finfo(torch.float32).tiny)
            self.table.weight /= largest
            self.scale *= largest

    def forward(self, ids: Tensor, region: Tensor, seen: Tensor) -> Tensor:
        """Sums ``[batch, columns]`` of ids, region mask and padding mask, each ``[batch, tokens]``."""
        lengths = range(1, self.longest_gram + 1)
        buckets, touches = zip(*(self.grams(ids, region, seen, n) for n in lengths), strict=True)
        mask = torch.cat(touches, dim=1).float().unsqueeze(-1)
        summed = (self.table(torch.cat(buckets, dim=1)) * mask).sum(dim=1)
        reward = cast("Tensor", self.scale * summed / (mask.sum(dim=1) + self.damping) ** self.power)
        return reward if self.counts is None else reward + self.counts(ids, region * seen)

    def grams(self, ids: Tensor, region: Tensor, seen: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Buckets and region masks, ``[batch, tokens - length + 1]``, of the n-grams of one length."""
        count = ids.shape[1] - length + 1
        code = torch.full_like(ids[:, :count], length)
        touch = torch.zeros_like(region[:, :count])
        whole = torch.ones_like(touch)
        for offset in range(length):
            code = (code * MULTIPLIER + ids[:, offset : count + offset] * FACTOR + SHIFT) % HASH_SPACE
            touch = torch.maximum(touch, region[:, offset : count + offset])
            whole = torch.minimum(whole, seen[:, offset : count + offset])
        return code % self.buckets, touch * whole


class Evidence(nn.Module):
    """Token ids ``[batch, tokens]`` to evidence for each named defect, ``[batch, reasons]``: a wide path of its own."""

    def __init__(self, buckets: int, longest_gram: int, reasons: int, power: float) -> None:
        super().__init__()
        self.wide = Wide(buckets, longest_gram, columns=reasons, power=power)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Evidence; nothing is padded."""
        return cast("Tensor", self.wide(input_ids, changed_region(input_ids), torch.ones_like(input_ids)))


def ranking_loss(margin: Tensor, share: Tensor) -> Tensor:
    """Bradley-Terry loss of reward margins, chosen minus rejected.

    Args:
        margin: reward differences.
        share: of the wins that the chosen side has: 1 for a pair, a half for a tie, between them for a pair that not
            everybody would judge alike. Ties as in Davidson 1970, simplified: their own share is left to calibration.
    """
    won, lost = nn.functional.softplus(-margin), nn.functional.softplus(margin)
    return share * won + (1 - share) * lost


def changed_region(ids: Tensor) -> Tensor:
    """1 for the tokens from each ``<edit>`` to its ``</edit>``, both included; ``[batch, tokens]``, int64."""
    opened = torch.cumsum((ids == EDIT).long(), dim=1)
    closed = torch.cumsum((ids == END_EDIT).long(), dim=1)
    return ((opened - closed + (ids == END_EDIT).long()) > 0).long()


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1).float()
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)
