"""What several families share: batches of images, draws, generated texts, stretches of tokens, and what follows."""
