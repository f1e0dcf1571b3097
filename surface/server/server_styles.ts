// The API styles of one server that take part in its life: completion queues fail their requests when it shuts down.

import type { SocketAddress } from "../../pollers/mod.ts";
import type { ServerTransport } from "../../transport/mod.ts";
import type { CallHost } from "./call_host.ts";
import type { MethodTable } from "./method_table.ts";

/** An API style, as its server sees it. */
export interface ServerStyle {
  /** The server begins to listen, or takes its first connection. What it throws is thrown there, and nothing has begun. */
  onStart(): void;
  /** The server takes no new calls from here on; once. */
  onShutdown(): void;
  /** The server's shutdown is over: nothing of it is left; once. */
  onOver(): void;
  /** What is outstanding, a line each. */
  describePending(): string[];
}

/** A server, as its API styles see it. */
export interface StyledServer {
  /** What its calls have in common. */
  readonly host: CallHost;
  /** Which method serves what. */
  readonly methods: MethodTable;
  /** Those that take part. */
  readonly styles: ServerStyles;
  /** The connections of its clients, as they come and go. */
  readonly transports: ReadonlySet<ServerTransport>;
  /** Where it listens: the addresses of each `listen`, the same objects each time. */
  listening(): Array<readonly SocketAddress[]>;
  /** See `CallContext`. */
  readonly needsLoop: boolean;
  /** Takes no new calls, and lets running ones finish. */
  shutdown(): void;
  /** Ends all connections now. */
  close(): void;
}

/** What is to be done before a server shuts down; it calls `done` once, however it ended. */
export type BeforeShutdown = (done: () => void) => void;

/** The styles that take part in the life of one server. */
export class ServerStyles {
  private readonly list: ServerStyle[] = [];
  private readonly before = new Set<BeforeShutdown>();
  /** Whether the server has listened, or taken a connection. */
  isStarted = false;
  /** Whether its shutdown has begun: what is to be done before it has been called. */
  isLeaving = false;
  /** Whether it takes no new calls. */
  isShutDown = false;
  /** Whether nothing of it is left. */
  isOver = false;

  /** `style` takes part from here on; of a shutdown that was before it is told now. */
  add(style: ServerStyle): void {
    this.list.push(style);
    if (this.isShutDown) style.onShutdown();
    if (this.isOver) style.onOver();
  }

  /** Has `first` called when the server is to shut down, which it does after `done`. Returns what takes that back. */
  beforeShutdown(first: BeforeShutdown): () => void {
    this.before.add(first);
    return () => void this.before.delete(first);
  }

  /** Has done what is to be done before a shutdown, and calls `onReady`: on this stack where that is nothing. */
  prepareShutdown(onReady: () => void): void {
    this.isLeaving = true;
    let left = 1;
    const done = (): void => {
      if (--left === 0) onReady();
    };
    for (const first of [...this.before]) {
      left++;
      first(done);
    }
    done();
  }

  /** See `ServerStyle.onStart`. */
  start(): void {
    if (this.isStarted) return;
    for (const style of this.list) style.onStart();
    this.isStarted = true;
  }

  /** See `ServerStyle.onShutdown`. */
  shutdown(): void {
    if (this.isShutDown) return;
    this.isShutDown = true;
    for (const style of this.list) style.onShutdown();
  }

  /** See `ServerStyle.onOver`. */
  over(): void {
    this.isOver = true;
    for (const style of this.list) style.onOver();
  }

  /** What is outstanding in all of them. */
  describePending(): string[] {
    return this.list.flatMap((style) => style.describePending());
  }
}
