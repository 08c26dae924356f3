"""The least that a gateway in Python can be: aiohttp in, JSON parsed, aiohttp out. The floor beside which gateways stand.

It knows one upstream, counts nothing, decides nothing and writes nothing down. Run in a child.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["main"]


def _application(upstream: str) -> web.Application:
    import aiohttp
    from aiohttp import web

    session: list[aiohttp.ClientSession] = []

    async def chat(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        asked = json.loads(body)
        headers = {"Content-Type": "application/json", "Authorization": request.headers.get("Authorization", "")}
        async with session[0].post(upstream + request.path.removeprefix("/v1"), data=body, headers=headers) as answer:
            if not asked.get("stream"):
                return web.Response(body=await answer.read(), status=answer.status, content_type=answer.content_type)
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    async def life(_app: web.Application):
        connector = aiohttp.TCPConnector(limit=0)
        session.append(aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)))
        yield
        await session[0].close()

    app = web.Application(client_max_size=32_000_000)
    app.cleanup_ctx.append(life)
    app.router.add_post("/v1/chat/completions", chat)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser("gateway_pass_through")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    options = parser.parse_args(arguments)
    from aiohttp import web

    try:
        import uvloop

        loop = uvloop.new_event_loop()
    except ImportError:
        loop = asyncio.new_event_loop()
    web.run_app(
        _application(options.upstream), host="127.0.0.1", port=options.port, access_log=None, loop=loop, backlog=4096,
        print=lambda *_: None,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
