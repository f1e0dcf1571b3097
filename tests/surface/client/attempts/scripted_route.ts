// A call's route and connections made of a script: what each pick gives, and how each stream ends.

import type { StatusCode } from "pollwire";
import { parseTarget } from "../../../../pollers/mod.ts";
import { Reporter } from "../../../../pollers/log/mod.ts";
import { type SimulatedEngine, Simulation } from "../../../../pollers/simulated/mod.ts";
import { CallObservers } from "../../../../surface/call/call_observer.ts";
import type { MethodConfig } from "../../../../surface/channel/service_config/method_config.ts";
import type { RetryThrottle } from "../../../../surface/client/attempts/retry_throttle.ts";
import { type CallContext, ChannelEnd } from "../../../../surface/client/call_context.ts";
import { TurnFailures } from "../../../../surface/client/turn_failures.ts";
import { RETRIES } from "../../../../surface/client/attempts/attempts.ts";
import type { CallRoute, PendingCall } from "../../../../surface/client/call_route.ts";
import { KeptRequests } from "../../../../surface/client/kept_requests.ts";
import { makeClient } from "../../../../surface/promise/client.ts";
import { STREAMS } from "../../../../surface/promise/streaming_calls.ts";
import {
  type ClientStream,
  type ClientStreamSink,
  type ClientTransport,
  ErrorCode,
  HeaderList,
  Http2Error,
  requestTemplate,
} from "../../../../transport/mod.ts";
import { Trial, type TrialClient } from "../../serving.ts";

/** What a pick gives: a stream, or none. */
export type Pick = "stream" | "failure" | "drop";

/** How a stream ends that has not been answered. */
export type End =
  | "refused"
  | "unsent"
  | { readonly code: StatusCode; readonly trailers?: ReadonlyArray<readonly [string, string]> };

/** A stream that the test ends. */
export class ScriptedStream implements ClientStream {
  readonly sent: number[] = [];
  readonly queuedBytes = 0;
  readonly released: number[] = [];
  writeBlocked = false;
  halfClosed = false;
  cancelled = false;
  /** Who waits for what was sent to be written. */
  readonly notices: Array<(ok: boolean) => void> = [];

  constructor(private readonly sink: ClientStreamSink, readonly metadata: HeaderList | undefined) {}

  /** Attempts that were made before, as this one says. */
  get before(): string {
    return this.metadata?.get("grpc-previous-rpc-attempts") ?? "-";
  }

  sendMessage(framed: Uint8Array, last = false): boolean {
    this.sent.push(framed.length);
    if (last) this.halfClosed = true;
    return true;
  }
  halfClose(): void {
    this.halfClosed = true;
  }
  whenWritten(onWritten: (ok: boolean) => void): void {
    this.notices.push(onWritten);
  }
  release(bytes: number): void {
    this.released.push(bytes);
  }
  cancel(): void {
    this.cancelled = true;
  }

  /** The server answers with a message and OK. */
  answer(): void {
    this.sink.onHeaders(new HeaderList([]));
    this.sink.onMessage(new Uint8Array(0), 5);
    this.end({ code: 0 });
  }
  end(how: End): void {
    const unsent = how === "unsent";
    if (typeof how === "string") {
      const cause = new Http2Error("stream", ErrorCode.REFUSED_STREAM, "remote", how, true, unsent);
      return this.sink.onStatus({
        code: 14,
        message: how,
        metadata: new HeaderList([]),
        cause,
        unprocessed: true,
      });
    }
    const metadata = HeaderList.of(how.trailers ?? []);
    this.sink.onStatus({ code: how.code, message: "said", metadata, cause: undefined, unprocessed: false });
  }
}

/** See the head of this file. */
export class ScriptedRoute implements CallRoute {
  readonly simulation = new Simulation();
  readonly engine: SimulatedEngine = this.simulation.host();
  throttle: RetryThrottle | undefined = undefined;
  /** What the next picks give; a stream where nothing is said. */
  readonly picks: Pick[] = [];
  readonly streams: ScriptedStream[] = [];
  readonly context: CallContext;
  readonly client: TrialClient;

  constructor(private readonly config: Partial<MethodConfig>) {
    this.engine.random = () => 0.5;
    this.context = {
      engine: this.engine,
      route: this,
      reporter: new Reporter({}),
      target: parseTarget("10.0.0.9:80"),
      channelOptions: {},
      needsLoop: false,
      end: new ChannelEnd(),
      failures: new TurnFailures(this.engine),
      maxReceiveElements: undefined,
      observers: new CallObservers(),
      isSecure: false,
      callCredentials: undefined,
      makePermission: undefined,
      retries: RETRIES,
      streams: STREAMS,
      keptRequests: new KeptRequests(1_000_000),
      template: (path) => requestTemplate(path, "test", "http", "test"),
    };
    this.client = makeClient(this.context, Trial) as TrialClient;
  }

  /** The newest stream. */
  get last(): ScriptedStream {
    return this.streams.at(-1)!;
  }

  callBegan(): void {}
  callEnded(): void {}
  pause(): void {}
  withdraw(): void {}
  describeWait(): string {
    return "waiting";
  }
  submit(call: PendingCall): void {
    const config = { retry: undefined, hedging: undefined, ...this.config } as MethodConfig;
    if (call.config === undefined && !call.configure(config)) return;
    const pick = this.picks.shift() ?? "stream";
    if (pick !== "stream") return call.onUnavailable(pick, pick === "drop");
    const open: ClientTransport["open"] = (_template, _timeoutMs, metadata, sink) => {
      const stream = new ScriptedStream(sink, metadata);
      this.streams.push(stream);
      return stream;
    };
    const peer = parseTarget("10.0.0.9:80");
    call.attach({ open, peer, canOpen: true } as unknown as ClientTransport);
  }

  /** Lets `ms` pass. */
  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }
}
