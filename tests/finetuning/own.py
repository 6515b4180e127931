"""A task of one's own, from the text of its files."""

from electra_tf.finetuning.tasks import task_table
from tests.finetuning import sentences


def task(folder, name: str, extension: str, train, dev=None, **settings):
    """Return the task `name`; its development file is `dev`, or `train`."""
    files = {"train_file": train, "dev_file": train if dev is None else dev}
    for setting, content in files.items():
        path = folder / f"{setting}.{extension}"
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        files[setting] = str(path)
    config = sentences.config(task_names=[name], **{**files, **settings})
    return task_table.tasks(config)[0]
