"""absl flags of the configs, and in `presets` recipes made of them.

For scripts of one's own; the programs take them from where they are written.
In an installed package this folder's recipes are `electra_tf/presets`, and
the functions are in `electra_tf.configs.from_flags` alone.
"""

from electra_tf.configs.from_flags import define, parse, preset_names, read
