"""Audio tasks: speech recognition, and audio clips from texts."""
