"""Subscribes to Annals with nothing but a WebSocket library, and prints each batch as one line of JSON.

Usage: watch.py URL TOKEN AFTER COUNT. Ends after COUNT entries. The protocol is graphql-transport-ws, as described in
https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
"""
import asyncio
import json
import sys

import websockets

SUBSCRIPTION = """subscription ($after: String) {
  logAdded(after: $after) { entries { id description } cursor caughtUp }
}"""


async def main(url, token, after, count):
    async with websockets.connect(url, subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": SUBSCRIPTION, "variables": {"after": after}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        while count > 0:
            message = json.loads(await socket.recv())
            if message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong"}))
                continue
            assert message["type"] == "next", message
            batch = message["payload"]["data"]["logAdded"]
            count -= len(batch["entries"])
            print(json.dumps(batch), flush=True)
        await socket.send(json.dumps({"id": "1", "type": "complete"}))


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
