"""What the folder of a pre-trained model tells."""

import json
import pathlib
import typing

from electra_tf.efficiency import curves

# Of the last line of metrics, in training.
_LAST = ("mlm_loss", "disc_loss", "disc_auc")


class ModelFolder(typing.NamedTuple):
    """The folder of a run of run_pretraining.py.

    Attributes:
        path: where it is.
    """

    path: pathlib.Path

    @property
    def results(self) -> pathlib.Path:
        """The file that a finished run leaves."""
        return self.path / "results" / "unsup_results.json"

    def checkpoint(self, step: int) -> str:
        """Return the prefix of a checkpoint.

        Raises:
            FileNotFoundError: there is none of this step.
        """
        path = self.path / f"model.ckpt-{step}"
        if not path.with_name(f"{path.name}.index").exists():
            raise FileNotFoundError(
                f"{path} is not there. Expected the checkpoint that the "
                f"training kept; remove {self.path} to train anew."
            )
        return str(path)

    def facts(self) -> dict:
        """Return what the results say about a finished run."""
        *_, last = curves.rows(str(self.path), curves.TRAINING)
        *_, start = curves.rows(str(self.path), "runs.jsonl")
        return {
            "held_out": json.loads(self.results.read_text("utf-8")),
            "training": {n: last[n] for n in _LAST if n in last},
            "records": start["manifest_sha256"],
            "vocabulary": start["vocab_sha256"],
            "devices": start["devices"],
            "versions": start["versions"],
            "source": start["source"],
        }
