"""The verifier as a network: the encoder of multilingual-e5-small with two heads.

A pair is read as `<s> evidence </s></s> claim </s>`. Token types are 0 up to the first `</s>`
and 1 from the second on. From `<s>` three logits are made (entailment, neutral, contradiction),
and from each token of the claim one: whether the evidence does not hold it.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from base import blocks

PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class Layer(nn.Module):
    def __init__(self, hidden, wide, heads, epsilon, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.q, self.k, self.v, self.ao = (nn.Linear(hidden, hidden) for _ in range(4))
        self.fi, self.fo = nn.Linear(hidden, wide), nn.Linear(wide, hidden)
        self.aln, self.oln = nn.LayerNorm(hidden, epsilon), nn.LayerNorm(hidden, epsilon)

    def forward(self, x, mask):
        batch, length, hidden = x.shape
        q, k, v = (part(x).view(batch, length, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=self.dropout if self.training else 0.0)
        mixed = self.ao(mixed.transpose(1, 2).reshape(batch, length, hidden))
        x = self.aln(x + F.dropout(mixed, self.dropout, self.training))
        return self.oln(x + F.dropout(self.fo(F.gelu(self.fi(x))), self.dropout, self.training))


class Verifier(nn.Module):
    def __init__(self, base, dropout=0.1):
        """`base` is what `data.py` wrote: the encoder, and the rows of words that are used."""
        super().__init__()
        kinds = json.loads(str(base["kinds"]))
        tensors = {}
        for name, (kind, _) in kinds.items():
            raw = base["t/" + name].tobytes()
            tensors[name] = torch.tensor(blocks(raw) if kind == 1 else np.frombuffer(raw, dtype=np.float32).copy())
        rows = base["rows"]
        hidden = tensors["emb.ln.w"].numel()
        words = torch.tensor(blocks(rows.tobytes()).reshape(len(rows), hidden)).half()
        self.register_buffer("words", words)
        epsilon, wide = 1e-12, tensors["l0.fi.b"].numel()
        count = sum(name.endswith(".aln.w") for name in tensors)
        self.positions = nn.Parameter(tensors["emb.pos"].view(-1, hidden).clone())
        self.types = nn.Parameter(tensors["emb.type"].view(-1, hidden).clone())
        self.norm = nn.LayerNorm(hidden, epsilon)
        self.layers = nn.ModuleList(Layer(hidden, wide, 12, epsilon, dropout) for _ in range(count))
        with torch.no_grad():
            self.norm.weight.copy_(tensors["emb.ln.w"])
            self.norm.bias.copy_(tensors["emb.ln.b"])
            for number, layer in enumerate(self.layers):
                for short in PARTS:
                    module = getattr(layer, short)
                    module.weight.copy_(tensors[f"l{number}.{short}.w"].view(module.weight.shape))
                    module.bias.copy_(tensors[f"l{number}.{short}.b"])
        self.dense, self.out, self.word = nn.Linear(hidden, hidden), nn.Linear(hidden, 3), nn.Linear(hidden, 1)
        self.dropout = dropout

    def encoded(self, ids, types, mask):
        """A vector for each token."""
        x = self.words[ids].float() + self.positions[: ids.shape[1]] + self.types[types]
        x = F.dropout(self.norm(x), self.dropout, self.training)
        bias = torch.zeros(mask.shape, device=mask.device, dtype=torch.bfloat16).masked_fill(~mask, -1e4)[:, None, None, :]
        bias = bias.expand(-1, 1, ids.shape[1], -1)
        for layer in self.layers:
            x = layer(x, bias if torch.is_autocast_enabled() else bias.float())
        return x

    def forward(self, ids, types, mask):
        """Logits of the pair, and of each token."""
        x = self.encoded(ids, types, mask)
        pooled = torch.tanh(self.dense(F.dropout(x[:, 0], self.dropout, self.training)))
        return self.out(F.dropout(pooled, self.dropout, self.training)).float(), self.word(x).squeeze(-1).float()


class Pairs:
    """Pairs of token ids in a file of `data.py`, as padded batches."""

    START, END, PADDING = 0, 2, 1

    def __init__(self, path, device):
        found = np.load(path)
        self.label = torch.tensor(found["label"].astype(np.int64))
        self.source = found["source"]
        lengths = found["lengths"].astype(np.int64)
        self.length = lengths.sum(1) + 4
        self.lengths = torch.tensor(lengths)
        ends = np.cumsum(lengths, axis=0)
        self.starts = torch.tensor(ends - lengths)
        self.evidence = torch.tensor(found["evidence"].astype(np.int32), device=device)
        self.claim = torch.tensor(found["claim"].astype(np.int32), device=device)
        self.marks = torch.tensor(found["marks"].astype(np.uint8), device=device)
        self.device = device

    def batch(self, index):
        """Ids, types, mask, labels, marks (2 where nothing is known) of the pairs in `index`."""
        index = torch.as_tensor(index)
        size = self.lengths[index].to(self.device)
        start = self.starts[index].to(self.device)
        # Attention is fastest where lengths are multiples of eight.
        width = -(-(int(size.sum(1).max()) + 4) // 8) * 8
        at = torch.arange(width, device=self.device)[None, :]
        first, second = size[:, :1], size[:, 1:]
        in_evidence = (at >= 1) & (at < 1 + first)
        in_claim = (at >= 3 + first) & (at < 3 + first + second)
        mask = at < size.sum(1, keepdim=True) + 4
        ids = torch.where(mask, self.END, self.PADDING)
        ids[:, 0] = self.START
        places = (start[:, :1] + at - 1).clamp(0, len(self.evidence) - 1)
        ids = torch.where(in_evidence, self.evidence[places].long(), ids)
        places = (start[:, 1:] + at - 3 - first).clamp(0, len(self.claim) - 1)
        ids = torch.where(in_claim, self.claim[places].long(), ids)
        marks = torch.where(in_claim, self.marks[places].long(), 3)
        types = (at >= 2 + first).long().expand_as(ids)
        return ids, types, mask, self.label[index].to(self.device), marks
