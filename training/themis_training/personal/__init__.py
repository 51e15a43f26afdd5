"""Personalisation: a small correction to a bundle, fitted to what one team merged and took back."""
