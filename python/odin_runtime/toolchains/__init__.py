"""Toolchains: programs that turn a training's source, data and parameters into a model directory."""
