"""Code that several families share: batches of images, draws, generated texts, spans of tokens and so on."""
