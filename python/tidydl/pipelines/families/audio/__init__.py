"""Tasks that hear and speak: speech recognition, and audio clips from texts."""
