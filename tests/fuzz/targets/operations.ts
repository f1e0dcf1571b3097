// Two connections wired together, driven by arbitrary operations.
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import type { LocalSettings } from "../../../transport/http2/settings.ts";
import { Side, type Talk } from "../side.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";

const CANCEL = new Http2Error("stream", ErrorCode.CANCEL, "user", "fuzz");
const CONNECTION_WINDOW = 70_000;
const MOST_STEPS = 5_000;

/** The first octet says how windows are; then an octet is an operation, the next one says how much. */
export const operations: FuzzTarget = {
  name: "operations",
  about:
    "whatever two applications do in whatever order, what was sent arrives, and the accounts of all windows balance",
  mostBytes: 240,
  seeds: () => [
    Uint8Array.of(0, 0, 0, 1, 200, 1, 255, 2, 0, 6, 0, 3, 9, 4, 0, 6, 0),
    Uint8Array.of(1, 0, 0, 0, 0, 1, 9, 5, 0, 6, 0, 7, 1, 3, 3, 4, 0, 8, 0),
    Uint8Array.of(2, 0, 0, 6, 0, 11, 255, 11, 255, 10, 0, 6, 0, 12, 9, 6, 0, 9, 200),
  ],
  run(input) {
    const program = new Program(input[0] ?? 0);
    for (let i = 1; i + 1 < input.length; i += 2) program.operate(input[i]! % 16, input[i + 1]!);
    program.finish();
  },
};

class Program {
  private readonly client: Side;
  private readonly server: Side;
  private now = 0;
  private piece = Infinity;

  constructor(kind: number) {
    const initialWindowSize = [20_000, 100_000, 500, 65_535][kind & 3]!;
    const settings: Partial<LocalSettings> = {
      initialWindowSize,
      maxWindowSize: (kind & 4) === 0 ? initialWindowSize : 1_000_000,
      windowGrowthSize: (kind & 32) === 0 ? 150_000 : 10_000_000,
      connectionWindowSize: CONNECTION_WINDOW,
    };
    this.client = new Side("client", settings);
    this.server = new Side("server", { ...settings, maxConcurrentStreams: (kind & 8) === 0 ? 100 : 2 });
    if ((kind & 16) === 0) this.rest();
  }

  operate(operation: number, much: number): void {
    const { client, server } = this;
    const talk = client.talks[much % client.talks.length];
    const answer = server.talks[much % server.talks.length];
    switch (operation) {
      case 0:
        client.open();
        break;
      case 1:
        if (talk !== undefined) client.send(talk, much * much, false);
        break;
      case 2:
        if (talk !== undefined) client.send(talk, much, true);
        break;
      case 3:
        if (answer !== undefined) server.read(answer, much * 100);
        break;
      case 4:
        if (answer !== undefined) server.sendTrailers(answer);
        break;
      case 5:
        if (talk !== undefined) client.connection.reset(talk.stream, CANCEL);
        break;
      case 6:
        client.carry(server, this.now, this.piece);
        server.carry(client, this.now, this.piece);
        break;
      case 7:
        this.piece = much === 0 ? Infinity : 9 + much * 9;
        break;
      default:
        this.operateMore(operation, much, talk, answer);
    }
    client.checkAccounts();
    server.checkAccounts();
  }

  private operateMore(
    operation: number,
    much: number,
    talk: Talk | undefined,
    answer: Talk | undefined,
  ): void {
    const { client, server } = this;
    switch (operation) {
      case 8:
        return this.rest();
      case 9:
        if (much < 40) (much % 2 === 0 ? server : client).connection.drain("fuzz", this.now);
        return;
      case 10:
        if (answer !== undefined) server.connection.reset(answer.stream, CANCEL);
        return;
      case 11:
        if (answer !== undefined) server.send(answer, much * much, false);
        return;
      case 12:
        if (talk !== undefined) client.read(talk, much * 100);
        return;
      case 13:
        (much % 2 === 0 ? server : client).connection.ping(much, this.now);
        return;
      case 14:
        this.now += much * much;
        for (const { connection } of [client, server]) {
          if (this.now >= connection.nextTimeout()) connection.handleTimeout(this.now);
        }
        return;
      default: // one way only
        if (much % 2 === 0) server.carry(client, this.now, this.piece);
        else client.carry(server, this.now, this.piece);
    }
  }

  /** Carries what there is, and then compares both sides: nothing is on its way. */
  private rest(): void {
    const { client, server } = this;
    for (let steps = 0; client.connection.wantsTransmit || server.connection.wantsTransmit; steps++) {
      invariant(steps < MOST_STEPS, `two connections are not at rest after ${steps} steps`);
      client.carry(server, this.now, this.piece);
      server.carry(client, this.now, this.piece);
    }
    if (client.connection.closed || server.connection.closed) return;
    compare(
      "connection",
      client.connection.flow.sendWindow.available,
      server.connection.flow.connectionWindow,
    );
    compare(
      "connection",
      server.connection.flow.sendWindow.available,
      client.connection.flow.connectionWindow,
    );
    for (const { stream, sent, closed } of client.talks) {
      const answer = server.talks.find((one) => one.stream.id === stream.id);
      if (closed || answer === undefined || answer.closed) continue;
      if (!stream.localClosed) {
        compare(`stream ${stream.id}`, stream.sendWindow.available, answer.stream.receiveWindow.available);
      }
      if (!answer.stream.localClosed) {
        compare(`stream ${stream.id}`, answer.stream.sendWindow.available, stream.receiveWindow.available);
      }
      compare(`stream ${stream.id}, content`, sent - stream.queuedBytes, answer.received);
    }
    reached(`rest ${Math.min(3, client.connection.activeStreams)}`);
  }

  /** Everything is read and ended: in order on one half of the streams, by a reset on the others. */
  finish(): void {
    const { client, server } = this;
    for (const talk of client.talks.filter((_, i) => i % 2 === 1)) {
      client.connection.reset(talk.stream, CANCEL);
    }
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      for (const talk of client.talks) client.send(talk, 0, true);
      for (const talk of server.talks) if (talk.ended) server.sendTrailers(talk);
      for (const side of [client, server]) for (const talk of side.talks) side.read(talk);
      this.rest();
      if (client.over || server.over || client.connection.activeStreams === 0) break;
    }
    if (client.over || server.over) return;
    invariant(server.connection.activeStreams === 0, `${server.connection.activeStreams} streams are left`);
    for (const { stream, closed, error, received } of client.talks) {
      invariant(closed, `stream ${stream.id} never closed`);
      if (error === undefined) {
        const answer = server.talks.find((one) => one.stream.id === stream.id);
        compare(`stream ${stream.id}, answer`, answer?.sent ?? -1, received);
      }
    }
    client.checkAccounts();
    server.checkAccounts();
  }
}

function compare(what: string, here: number, there: number): void {
  invariant(here === there, `${what}: ${here} on the sender's side, ${there} on the receiver's`);
}
