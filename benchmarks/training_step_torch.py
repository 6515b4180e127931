"""ELECTRA's training step with Hugging Face's models in PyTorch.

The plain way to write it: `ElectraForMaskedLM` and `ElectraForPreTraining` with
one table of embeddings, PyTorch's fused AdamW, gradients clipped. The head of
`ElectraForMaskedLM` scores the vocabulary at every position; with `--gather`
it is called by itself at the masked ones. `--compile` compiles forward and
backward pass (`torch.compile`). A GPU is used if there is one, with
TF32 products, as TensorFlow has them.
"""

import math

from benchmarks import random_tokens, timed_steps
from electra_tf import configs

with timed_steps.libraries_of("benchmarks.training_step"):
    import torch
    import transformers


def models(config) -> tuple:
    """Return generator and discriminator in the shapes of our config."""
    main, small = (
        configs.encoder_config(config),
        configs.generator_config(config),
    )
    generator = transformers.ElectraForMaskedLM(shape(small))
    discriminator = transformers.ElectraForPreTraining(shape(main))
    # Word, position and segment embeddings are one and the same.
    generator.electra.embeddings = discriminator.electra.embeddings
    generator.generator_lm_head.weight = (
        discriminator.electra.embeddings.word_embeddings.weight
    )
    return generator, discriminator


def shape(encoder) -> transformers.ElectraConfig:
    """Return their config of our encoder's."""
    names = (
        "vocab_size",
        "embedding_size",
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
    )
    sizes = {name: getattr(encoder, name) for name in names}
    return transformers.ElectraConfig(**sizes)


class Step:
    """One update after the other on the same tokens."""

    def __init__(self, config, ids, gather: bool, compiled: bool):
        self.config = config
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.ids = torch.from_numpy(ids).long().to(self.device)
        self.gather = gather
        self.generator, self.discriminator = models(config)
        both = torch.nn.ModuleList([self.generator, self.discriminator])
        self.parameters = list(both.to(self.device).train().parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=config.learning_rate, eps=1e-6, fused=True
        )
        self.loss = torch.compile(self._loss) if compiled else self._loss

    def __call__(self):
        """Mask, sample, detect, update."""
        with torch.autocast(
            self.device,
            torch.bfloat16,
            enabled=self.config.precision == "bfloat16",
        ):
            loss = self.loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def _loss(self):
        positions = self._positions()
        original = self.ids.gather(1, positions)
        logits = self._generator_logits(positions)
        generator_loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), original.flatten()
        )
        noise = -torch.log(-torch.log(torch.rand_like(logits)))
        sampled = (logits.detach() + noise).argmax(-1)
        corrupted = self.ids.scatter(1, positions, sampled)
        loss = self.discriminator(
            corrupted, labels=(corrupted != self.ids).long()
        ).loss
        return generator_loss + self.config.disc_weight * loss

    def _positions(self):
        """Int `(batch, chosen)`, none twice."""
        number = math.ceil(self.config.mask_prob * self.ids.shape[1])
        scores = torch.rand(self.ids.shape, device=self.device)
        scores[:, 0] = scores[:, -1] = -1.0
        return scores.topk(number).indices

    def _generator_logits(self, positions):
        """Logits at the chosen positions: `(batch, chosen, vocabulary)`."""
        masked = self.ids.scatter(1, positions, random_tokens.MASK)
        if not self.gather:
            return _at(self.generator(masked).logits, positions)
        hidden = self.generator.electra(masked).last_hidden_state
        transformed = self.generator.generator_predictions(
            _at(hidden, positions)
        )
        return self.generator.generator_lm_head(transformed)

    def peak(self) -> float:
        """Return the most bytes that were in use."""
        if self.device == "cpu":
            return timed_steps.peak_of_process()
        return torch.cuda.max_memory_allocated()


def _at(vectors, positions):
    """Take vectors `(B, L, D)` at `(B, N)`."""
    wide = positions[:, :, None].expand(-1, -1, vectors.shape[-1])
    return vectors.gather(1, wide)


def main():
    """Serve steps."""
    parser = timed_steps.sizes("benchmarks.training_step_torch", __doc__)
    parser.add_argument("--gather", action="store_true")
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    config = timed_steps.config(args)
    torch.set_float32_matmul_precision("high")
    ids = random_tokens.ids(args.batch_size, args.length)
    step = Step(config, ids, args.gather, args.compile)

    def run(steps: int):
        for _ in range(steps):
            step()
        if step.device == "cuda":
            torch.cuda.synchronize()

    timed_steps.serve(run, step.peak)


if __name__ == "__main__":
    main()
