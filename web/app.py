"""The web application: the console's pages, and what else is served beside them."""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.staticfiles import StaticFiles

from config.settings import WebSettings
from storage.database import Database
from web import api, errors, feeds, health
from web.access.attempts import Attempts
from web.access.forms import checked_form
from web.access.hosts import AnswerTo, answered_to
from web.access.signing_in import operator_of
from web.body_limit import BodyLimit
from web.defects import Defects
from web.headers import SafeHeaders
from web.live import Arrivals
from web.pages import login, routers
from web.tokens import Allowances


def create_app(database: Database, settings: WebSettings) -> FastAPI:
    """The application over an open database. It needs no lifespan: whoever made the database closes it."""
    app = FastAPI(title="channelwatch", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.database = database
    app.state.settings = settings
    app.state.attempts = Attempts()
    app.state.allowances = Allowances()
    app.state.arrivals = Arrivals(database)
    app.include_router(login.router, dependencies=[Depends(checked_form)])
    for router in routers():
        app.include_router(router, dependencies=[Depends(operator_of), Depends(checked_form)])
    for beside in (api, feeds, health):  # these say themselves whom they answer
        app.include_router(beside.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Defects, told=errors.defect)
    app.add_middleware(AnswerTo, hosts=answered_to(settings))
    app.add_middleware(SafeHeaders)  # the outermost: what is refused carries the headers, too
    return app
