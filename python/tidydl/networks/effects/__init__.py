"""What a fitted network makes of its inputs."""
