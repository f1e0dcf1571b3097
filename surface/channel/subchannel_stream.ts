// A stream of messages that the library itself wants of one connection: the load that a server reports.
//
// One request, any number of responses. While the connection stands the stream is begun again when it ends, by a backoff
// that any message resets; not after UNIMPLEMENTED (gRFC A17, A51). The backoff counts from the start of a stream: one that
// lived is begun again at once, and a server that answers and hangs up is not asked in a loop. It is none of the channel's
// calls: neither the process stays for it nor does a channel stay connected.

import type { EventEngine, TaskHandle } from "../../pollers/mod.ts";
import type {
  ClientStream,
  ClientStreamSink,
  ClientTransport,
  HeaderList,
  StreamStatus,
} from "../../transport/mod.ts";
import { Status } from "../call/status.ts";
import type { CallPlace, PendingCall } from "../client/call_route.ts";
import { Backoff } from "./backoff.ts";
import type { Subchannel } from "./subchannel.ts";

/** Gets what comes. */
export interface SubchannelStreamSink {
  /** A message, encoded; a view that is valid while this runs. */
  onStreamMessage(bytes: Uint8Array): void;
  /** The stream ended. */
  onStreamEnded(status: StreamStatus): void;
}

/** See the head of this file. It is started whenever its subchannel is READY, and stopped when that is so no more. */
export class SubchannelStream implements PendingCall, ClientStreamSink {
  isOver = true;
  readonly isInternal = true;
  readonly waitForReady = false;
  readonly config = undefined;
  tracker = undefined;
  waitsIn: CallPlace | undefined = undefined;
  private stream: ClientStream | undefined = undefined;
  private retry: TaskHandle | undefined = undefined;
  private readonly backoff: Backoff;
  private startedAt = 0;

  /** `framed`: the request, after 5 free octets. */
  constructor(
    private readonly engine: EventEngine,
    private readonly subchannel: Subchannel,
    readonly path: string,
    private readonly framed: Uint8Array,
    private readonly sink: SubchannelStreamSink,
  ) {
    this.backoff = new Backoff(() => engine.random());
  }

  /** The subchannel is READY. */
  start(): void {
    if (!this.isOver) return;
    this.isOver = false;
    this.subchannel.submit(this);
  }

  /** The subchannel is not READY any more, or the stream is not wanted. */
  stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.waitsIn?.delete(this);
    this.waitsIn = undefined;
    if (this.retry !== undefined) this.engine.cancel(this.retry);
    this.retry = undefined;
    this.stream?.cancel(Status.CANCELLED, "not wanted");
  }

  // From the subchannel.

  attach(transport: ClientTransport): void {
    this.startedAt = this.engine.now();
    const stream = transport.open(this.subchannel.template(this.path), undefined, undefined, this);
    if (stream === undefined) return; // it has ended
    this.stream = stream;
    stream.sendMessage(this.framed.slice(), true);
  }
  /** The connection is gone; with the next one it is started again. */
  pickAgain(): void {}
  onUnavailable(): void {}
  configure(): boolean {
    return true;
  }
  metadataValue(): undefined {}

  // From the stream.

  onHeaders(_metadata: HeaderList): void {}
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    this.stream?.release(wireBytes);
    if (this.isOver) return;
    this.backoff.reset();
    this.sink.onStreamMessage(bytes);
  }
  onStatus(status: StreamStatus): void {
    this.stream = undefined;
    if (this.isOver) return;
    this.sink.onStreamEnded(status);
    if (this.isOver || status.code === Status.UNIMPLEMENTED) return;
    const retryAt = Math.max(this.engine.now(), this.startedAt + this.backoff.next());
    this.retry = this.engine.runAt(retryAt, () => {
      this.retry = undefined;
      this.subchannel.submit(this);
    });
  }
  onWritable(): void {}
  onSent(): void {}
}
