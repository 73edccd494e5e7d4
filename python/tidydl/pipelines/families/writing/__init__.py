"""Tasks that write texts: generation, summaries, translations, and what they share with captions and chats."""
