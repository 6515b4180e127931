"""The Keras layers of the transformer encoders."""
