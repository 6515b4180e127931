"""What training and using a model costs; imports no TensorFlow."""
