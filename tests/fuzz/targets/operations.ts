// Two connections wired together, driven by arbitrary operations.
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import type { Stream } from "../../../transport/http2/stream.ts";
import { Pair } from "../../transport/pair.ts";
import { REQUEST_LIST, RESPONSE_LIST, TRAILERS_LIST } from "../../transport/http2/wire.ts";
import { type FuzzTarget, invariant } from "../target.ts";

const CANCEL = new Http2Error("stream", ErrorCode.CANCEL, "user", "fuzz");
const WINDOW = 20_000;
const CONNECTION_WINDOW = 70_000;

/** An octet is an operation, the next one says how much. */
export const operations: FuzzTarget = {
  name: "operations",
  about: "whatever an application does in whatever order, accounts of both windows balance once all is over",
  mostBytes: 200,
  seeds: () => [
    Uint8Array.of(0, 0, 1, 200, 1, 255, 2, 0, 6, 0, 3, 9, 4, 0, 6, 0),
    Uint8Array.of(0, 0, 0, 0, 1, 9, 5, 0, 6, 0, 7, 1, 3, 3, 4, 0, 8, 0),
  ],
  run(input) {
    const windows = {
      initialWindowSize: WINDOW,
      maxWindowSize: WINDOW,
      connectionWindowSize: CONNECTION_WINDOW,
    };
    const pair = new Pair({ client: windows, server: windows });
    pair.clientSink.keepBodies = pair.serverSink.keepBodies = false;
    const unread: Array<[stream: Stream, bytes: number]> = [];
    pair.serverSink.on = (event, stream) => {
      if (stream !== undefined && event.startsWith("data")) {
        unread.push([stream, Number(event.split(" ")[2])]);
      }
    };
    const live: Stream[] = [];
    for (let i = 0; i + 1 < input.length; i += 2) operate(pair, live, unread, input[i]! % 9, input[i + 1]!);
    for (const [stream, bytes] of unread.splice(0)) pair.server.release(stream, bytes);
    for (const stream of live) if (!stream.closed) pair.client.reset(stream, CANCEL);
    pair.run();
    for (const [stream, bytes] of unread.splice(0)) pair.server.release(stream, bytes);
    pair.run();
    invariant(pair.client.activeStreams === 0 && pair.server.activeStreams === 0, "streams are left");
    if (pair.client.closed || pair.server.closed) return;
    const { sendWindow } = pair.client;
    const { receiveWindow } = pair.server;
    invariant(
      sendWindow === receiveWindow,
      `the client may send ${sendWindow}, the server lets in ${receiveWindow}`,
    );
    invariant(
      receiveWindow > CONNECTION_WINDOW / 2,
      `only ${receiveWindow} of ${CONNECTION_WINDOW} came back`,
    );
  },
};

function operate(
  pair: Pair,
  live: Stream[],
  unread: Array<[Stream, number]>,
  operation: number,
  much: number,
): void {
  const { client, server } = pair;
  const stream = live.length === 0 ? undefined : live[much % live.length]!;
  const sendable = stream !== undefined && !stream.closed && !stream.localClosed && !stream.endQueued;
  switch (operation) {
    case 0:
      if (client.canOpen) live.push(client.open(REQUEST_LIST, undefined, false, pair.clientSink));
      return;
    case 1:
      if (sendable) client.sendData(stream, new Uint8Array(much * much), false);
      return;
    case 2:
      if (sendable) client.sendData(stream, new Uint8Array(much), true);
      return;
    case 3:
      for (const [one, bytes] of unread.splice(0, much)) server.release(one, bytes);
      return;
    case 4:
      for (const one of server.streams.all().slice(0, 1 + much % 3)) answer(pair, one);
      return;
    case 5:
      if (stream !== undefined) client.reset(stream, CANCEL);
      return;
    case 6:
      return void (pair.carry(client, server), pair.carry(server, client));
    case 7:
      return client.ping(much, pair.now);
    default:
      if (much === 0) server.drain("fuzz");
  }
}

function answer({ server }: Pair, stream: Stream): void {
  if (stream.closed || stream.localClosed || stream.endQueued) return;
  if (!stream.headersSent) server.sendHeaders(stream, RESPONSE_LIST, undefined, false);
  server.sendData(stream, new Uint8Array(1_000), false);
  server.sendHeaders(stream, TRAILERS_LIST, undefined, true);
}
