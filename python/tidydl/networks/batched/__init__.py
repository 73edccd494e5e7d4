"""The engine that advances many networks together, on a graphics card."""
