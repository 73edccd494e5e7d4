"""Generation tasks: text generation, summaries, translations, and what they share with captions and chats."""
