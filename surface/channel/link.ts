// One subchannel's use of a connection: from the attempt to its end, or until the subchannel leaves it to others.

import type { ClientTransport, Http2Error, KeepaliveOptions } from "../../transport/mod.ts";

/** The subchannel. */
export interface LinkOwner {
  /** Calls may be made on `link`. */
  onConnected(link: Link): void;
  /** The attempt failed. */
  onConnectFailed(reason: string): void;
  /** A stream is free. */
  onCanOpen(): void;
  /** `link` takes no new streams; running ones continue. `reason`: the server's GOAWAY, if it was the server. */
  onDraining(link: Link, reason: Http2Error | undefined): void;
  /** `link` is over; its calls have had their status. */
  onClosed(link: Link, error: Http2Error | undefined): void;
}

/** A connection that links use. */
export interface LinkedConnection {
  /** `link` gives its attempt up: nothing comes of it. */
  cancel(link: Link): void;
  /** `link` takes no new streams any more. */
  drain(link: Link, reason: string): void;
  /** `link` ends; its streams fail. */
  close(link: Link, reason: string): void;
  /** Where `link` is drained, has no streams any more, and others keep the connection, it ends. */
  endIfUnused(link: Link): void;
}

/** See the head of this file. */
export class Link {
  /** Set once connected. */
  transport!: ClientTransport;
  /** What it uses. */
  connection!: LinkedConnection;
  readyAt = 0;
  useful = false;

  /** `channel`: whose streams end with it. `keepalive`: how the connection asks whether its server is there. */
  constructor(
    readonly owner: LinkOwner,
    readonly channel: object,
    readonly keepalive?: KeepaliveOptions | undefined,
  ) {}

  /** Whether calls could be made on it. */
  get isConnected(): boolean {
    return this.transport !== undefined;
  }

  /** It gives its attempt up: nothing comes of it. */
  cancel(): void {
    this.connection.cancel(this);
  }

  /** It takes no new streams any more. */
  drain(reason: string): void {
    this.connection.drain(this, reason);
  }

  /** It ends; its streams fail. */
  close(reason: string): void {
    this.connection.close(this, reason);
  }

  /** Where it is drained, has no streams any more, and others keep the connection, it ends. */
  endIfUnused(): void {
    this.connection.endIfUnused(this);
  }
}
