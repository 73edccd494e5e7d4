"""Multimodal tasks: captions, questions about images and documents, chats with media."""
