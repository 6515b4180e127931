"""Small sets of TensorFlow Datasets with the features of real ones."""

import numpy as np
import tensorflow_datasets as tfds

from tests.finetuning import questions

TEXTS = {"a good film": 1, "a bad film": 0, "a very good book": 1}


def prepare(folder, name: str, features: dict, splits: dict, config="x"):
    """Write a set; `splits` has lists of examples."""

    def info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features)
        )

    def generate(self, manager):
        return {s: self._generate_examples(rows) for s, rows in splits.items()}

    def examples(self, rows):
        yield from enumerate(rows)

    class_name = "".join(part.title() for part in name.split("_"))
    made = type(
        class_name,
        (tfds.core.GeneratorBasedBuilder,),
        {
            "VERSION": tfds.core.Version("1.0.0"),
            "BUILDER_CONFIGS": [
                tfds.core.BuilderConfig(name=config, description="tiny")
            ],
            "_info": info,
            "_split_generators": generate,
            "_generate_examples": examples,
            "__module__": __name__,
        },
        skip_registration=True,
    )
    made(data_dir=folder).download_and_prepare()


def sentences(folder, config: str, classes: list[str], splits: dict, **texts):
    """Write a set like those of GLUE; `texts` has features by column."""
    features = {name: tfds.features.Text() for name in texts.values()}
    features["label"] = tfds.features.ClassLabel(names=classes)
    features["idx"] = np.int32
    prepare(folder, "glue", features, splits, config)


def squad(folder, config: str, with_null: bool):
    """Write a set like SQuAD, of the tiny questions of these tests."""
    (article,) = questions.squad(2, with_null)["data"]
    (paragraph,) = article["paragraphs"]
    rows = [
        {
            "id": asked["id"],
            "title": "t",
            "context": paragraph["context"],
            "question": asked["question"],
            "answers": {
                name: [answer[name] for answer in asked["answers"]]
                for name in ("text", "answer_start")
            },
            **({"is_impossible": asked["is_impossible"]} if with_null else {}),
        }
        for asked in paragraph["qas"]
    ]
    features = {
        **{
            name: tfds.features.Text()
            for name in ("id", "title", "context", "question")
        },
        "answers": tfds.features.Sequence(
            {"text": tfds.features.Text(), "answer_start": np.int32}
        ),
        **({"is_impossible": np.bool_} if with_null else {}),
    }
    splits = {"train": rows, "validation": rows}
    prepare(folder, "squad", features, splits, config)
