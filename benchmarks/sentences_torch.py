"""Hugging Face's ELECTRA for sentences in PyTorch: prediction, fine-tuning.

The plain way to write it: its fast tokenizer, batches padded to their longest,
PyTorch's fused AdamW, gradients clipped. The network has the shape of a model
folder and random weights.
"""

import argparse
import json
from pathlib import Path

from benchmarks import timed_steps
from electra_tf import command_line

with timed_steps.libraries_of("benchmarks.predict_sentences"):
    import torch
    import transformers

from benchmarks import training_step_torch

MOST = 128  # Tokens of a sentence.


def network(folder: Path):
    """Return the classifier of two classes, and the tokenizer."""
    encoder = json.loads((folder / "config.json").read_text())["encoder"]
    config = training_step_torch.shape(argparse.Namespace(**encoder))
    tokenizer = transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    return transformers.ElectraForSequenceClassification(config), tokenizer


def predict(model, tokenizer, texts: list[str], args) -> list:
    """Return the probabilities of each text, in their order."""
    order = range(len(texts))
    if args.sorted:
        order = sorted(order, key=lambda index: len(texts[index]))
    found = [None] * len(texts)
    with torch.inference_mode():
        for start in range(0, len(texts), args.batch_size):
            chosen = order[start : start + args.batch_size]
            batch = tokenizer(
                [texts[index] for index in chosen],
                padding=True,
                truncation=True,
                max_length=MOST,
                return_tensors="pt",
            )
            shares = model(**batch).logits.softmax(-1).tolist()
            for index, share in zip(chosen, shares, strict=True):
                found[index] = share
    return found


def train(model, tokenizer, args) -> None:
    """Fine-tune on a table with labels and texts; say what is done."""
    rows = [line.split("\t") for line in args.input.read_text().splitlines()]
    labels = torch.tensor([int(row[1]) for row in rows])
    encoded = tokenizer([row[3] for row in rows], truncation=True)["input_ids"]
    optimizer = torch.optim.AdamW(
        model.train().parameters(), lr=1e-4, eps=1e-6, fused=True
    )
    order = torch.randperm(len(rows))
    batches = order.split(args.batch_size)[: args.updates]
    for update, chosen in enumerate(batches):
        batch = tokenizer.pad(
            {"input_ids": [encoded[index] for index in chosen]},
            return_tensors="pt",
        )
        model(**batch, labels=labels[chosen]).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        print(f"step {update + 1}/{len(batches)}", flush=True)


def main() -> None:
    """Predict once or when told to, or fine-tune."""
    parser = command_line.parser("benchmarks.sentences_torch", __doc__)
    parser.add_argument("--task", choices=("once", "predict", "train"))
    parser.add_argument("--model_folder", type=Path, required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--sorted", action="store_true")
    parser.add_argument("--updates", type=int, help="None for an epoch")
    args = parser.parse_args()
    model, tokenizer = network(args.model_folder)
    if args.task == "train":
        train(model, tokenizer, args)
        return
    texts = args.input.read_text(encoding="utf-8").splitlines()
    model.eval()

    def run(times: int):
        for _ in range(times):
            predict(model, tokenizer, texts, args)

    if args.task == "once":
        run(1)
    else:
        timed_steps.serve(run)


if __name__ == "__main__":
    main()
