"""Drop-in replacements for the parts of Keras that prepare images."""
