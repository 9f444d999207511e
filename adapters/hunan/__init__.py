"""Hunan 一网通办: JSON in one envelope through one address, progress by polling."""
