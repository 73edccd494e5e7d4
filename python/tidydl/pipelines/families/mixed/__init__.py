"""Tasks of several kinds of input: captions, questions about images and documents, chats with media."""
