"""The Hugging Face Hub: connections, downloads and the cache on this machine."""
