"""Models of Hugging Face's hub by their names, as folders of this machine.

huggingface_hub fetches and caches them; it heeds its own variables, such as
HF_HOME, HF_TOKEN and HF_HUB_OFFLINE.
"""

import glob
import os
import re

# OWNER/NAME, perhaps with @ and a branch, tag or commit.
_NAME = re.compile(
    r"(?P<id>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w./-]+))?"
)
# Configs, vocabularies and weights, but those of other frameworks.
_FILES = ("*.json", "*.txt", "*.safetensors", "*.weights.h5")
_MOST_SAID = 300  # Characters of another library's message.
_PICKLED = ("pytorch_model*.bin",)  # Where there is no other.


def is_name(path: str) -> bool:
    """Say whether a path is to be looked for on the hub.

    It is where nothing of this machine has that name, not even its owner's
    part, for then a folder was meant.

    >>> is_name("google/electra-small-discriminator"), is_name("/google/x")
    (True, False)
    """
    there = (path, f"{path}.index", path.split("/")[0])
    found = _NAME.fullmatch(path) is not None
    return found and not any(map(os.path.exists, there))


def folder_of(path: str) -> str:
    """Return the folder of a model of the hub; other paths stay as they are.

    Raises:
        FileNotFoundError: when it cannot be had; says why.
    """
    path = os.fspath(path)
    if not is_name(path):
        return path
    try:
        from huggingface_hub import errors, snapshot_download
    except ImportError:
        raise FileNotFoundError(
            f"There is no folder {path}. If it is a model of Hugging Face's "
            "hub, huggingface_hub fetches it: pip install 'electra_tf[hub]'."
        ) from None
    known = _NAME.fullmatch(path).groupdict()

    def fetch(patterns: tuple[str, ...]) -> str:
        return snapshot_download(
            known["id"],
            revision=known["revision"],
            allow_patterns=list(patterns),
        )

    try:
        folder = fetch(_FILES)
        weights = ("*.safetensors", "*.weights.h5")
        if not any(glob.glob(os.path.join(folder, w)) for w in weights):
            folder = fetch((*_FILES, *_PICKLED))
    except (
        errors.HfHubHTTPError,
        errors.LocalEntryNotFoundError,
        errors.OfflineModeIsEnabled,
        errors.HFValidationError,
    ) as error:
        why = " ".join(str(error).split())[:_MOST_SAID]
        raise FileNotFoundError(
            f"There is no folder {path}, and the hub does not give a model of "
            f"that name: {type(error).__name__}: {why}"
        ) from error
    return folder
