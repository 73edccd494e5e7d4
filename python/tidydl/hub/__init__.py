"""The Hugging Face Hub: reaching it, fetching what it holds, and what is kept of it on this machine."""
