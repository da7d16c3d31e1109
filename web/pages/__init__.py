"""The console's pages: one router each."""

from __future__ import annotations

from fastapi import APIRouter

from web.pages import channels, deliveries, live, overview, posts, saved, search, settings, standings, stories, topics


def routers() -> list[APIRouter]:
    """Everything that needs an operator."""
    pages = (overview, search, saved, posts, stories, channels, standings, topics, deliveries, live, settings)
    return [each.router for each in pages]
