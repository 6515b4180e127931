"""ELECTRA's training step with Hugging Face's models in PyTorch.

The plain way to write it: `ElectraForMaskedLM` and `ElectraForPreTraining` with
one table of embeddings, PyTorch's fused AdamW, gradients clipped. The head of
`ElectraForMaskedLM` scores the vocabulary at every position; with `--gather`
it is called by itself at the masked ones. A GPU is used if there is one, with
TF32 products, as TensorFlow has them.
"""

import math

import torch
import transformers

from benchmarks import random_tokens, timed_steps
from electra_tf import configs


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

    def __init__(self, config, ids, gather: bool):
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

    def __call__(self):
        """Mask, sample, detect, update."""
        with torch.autocast(
            self.device,
            torch.bfloat16,
            enabled=self.config.precision == "bfloat16",
        ):
            loss = self._loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def _loss(self):
        chosen = self._chosen()
        logits, original = self._generator_logits(chosen), self.ids[chosen]
        generator_loss = torch.nn.functional.cross_entropy(logits, original)
        corrupted = self.ids.clone()
        noise = -torch.log(-torch.log(torch.rand_like(logits)))
        corrupted[chosen] = (logits.detach() + noise).argmax(-1)
        loss = self.discriminator(
            corrupted, labels=(corrupted != self.ids).long()
        ).loss
        return generator_loss + self.config.disc_weight * loss

    def _chosen(self):
        """Bool `(batch, length)`, as many in each sequence."""
        number = math.ceil(self.config.mask_prob * self.ids.shape[1])
        scores = torch.rand(self.ids.shape, device=self.device)
        scores[:, 0] = scores[:, -1] = -1.0
        chosen = torch.zeros_like(self.ids, dtype=torch.bool)
        return chosen.scatter_(1, scores.topk(number).indices, True)

    def _generator_logits(self, chosen):
        """Logits at the chosen positions: `(all chosen, vocabulary)`."""
        masked = self.ids.masked_fill(chosen, random_tokens.MASK)
        if not self.gather:
            return self.generator(masked).logits[chosen]
        hidden = self.generator.electra(masked).last_hidden_state[chosen]
        transformed = self.generator.generator_predictions(hidden)
        return self.generator.generator_lm_head(transformed)


def main():
    """Serve steps."""
    parser = timed_steps.sizes()
    parser.add_argument("--gather", action="store_true")
    args = parser.parse_args()
    config = configs.PretrainingConfig(
        data_dir="-",
        model_name="-",
        precision=args.precision,
        model_size=args.model_size,
    )
    torch.set_float32_matmul_precision("high")
    ids = random_tokens.ids(args.batch_size, args.length)
    step = Step(config, ids, args.gather)

    def run(steps: int):
        for _ in range(steps):
            step()
        if step.device == "cuda":
            torch.cuda.synchronize()

    timed_steps.serve(run)


if __name__ == "__main__":
    main()
