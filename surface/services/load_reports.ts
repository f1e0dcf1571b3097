// What a server says of its load, with the answers to calls and by a stream of its own, for clients that balance by it
// (gRFC A51).

import type { TaskHandle } from "../../pollers/mod.ts";
import type { Metadata } from "../call/metadata.ts";
import { checkOptions, describe } from "../options.ts";
import { encodeMessage, type MessageInit } from "../proto/mod.ts";
import { reactor } from "../reactor/reactor.ts";
import type { ReactorContext } from "../reactor/reactor_context.ts";
import { ServerWriteReactor } from "../reactor/server_reactors.ts";
import type { ServerInterceptor } from "../server/interceptor.ts";
import { type Server, styledServer } from "../server/server.ts";
import { checkLoadReport, type Figures } from "./load_figures.ts";
import { type LoadReport, type LoadReportRequest, loadReportService } from "./load_report_service.ts";

/** Where calls have the report, among their trailers. */
const TRAILER = "endpoint-load-metrics-bin";

const DEFAULT_MIN_INTERVAL_MS = 30_000;

/** How often a server reports its load. */
export interface LoadReportsOptions {
  /** Milliseconds between the reports of a stream, whatever its client asks for: 1 or more. Default 30,000. */
  readonly minIntervalMs?: number;
}

/** A call whose trailers are not sent yet, as handlers of every style have it. */
export interface ReportedCall {
  /** What will be sent with the status. */
  readonly trailers: Metadata;
}

/** One stream of reports. */
class ReportStream extends ServerWriteReactor<MessageInit<LoadReport>> {
  private timer: TaskHandle | undefined = undefined;
  private isOver = false;

  constructor(
    context: ReactorContext,
    private readonly owner: LoadReports,
    private readonly engine: Server["engine"],
    private readonly streams: Set<ReportStream>,
    private readonly intervalMs: number,
  ) {
    super(context);
    streams.add(this);
    this.startWrite(owner.figures);
  }

  override onWriteDone(ok: boolean): void {
    if (!ok) return this.end("CANCELLED", "");
    if (this.isOver) return;
    this.timer = this.engine.runAt(this.engine.now() + this.intervalMs, () => {
      this.timer = undefined;
      this.startWrite(this.owner.figures);
    });
  }

  override onCancel(): void {
    this.end("CANCELLED", "");
  }

  override onDone(): void {
    this.streams.delete(this);
  }

  /** No report follows. */
  end(code: "CANCELLED" | "UNAVAILABLE", details: string): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.timer !== undefined) this.engine.cancel(this.timer);
    this.finish(code, details);
  }
}

/**
 * The load of one server. Clients with `weighted_round_robin` send it calls by that.
 *
 * @example
 * ```ts
 * import { LoadReports, Server } from "pollwire";
 * const server = new Server();
 * const load = new LoadReports(server);
 * load.set({ cpuUtilization: 0.4, rpsFractional: 1_200 }); // as often as it is measured
 * server.intercept(load.interceptor); // with every answer, not by the stream alone
 * ```
 */
export class LoadReports {
  #figures: Figures = {};
  readonly #streams = new Set<ReportStream>();
  /** What was recorded of a call, by its trailers. */
  readonly #recorded = new WeakMap<Metadata, Figures>();

  /**
   * Adds the service to `server` by which clients ask for its load; it is idle until `set` says more.
   *
   * @throws {TypeError} for what is no server, and for one that has this service
   * @throws {RangeError} for an interval that is none
   */
  constructor(server: Server, options: LoadReportsOptions = {}) {
    const { styles } = styledServer("report its load", server);
    const { engine } = server;
    const minIntervalMs = readMinInterval(options);
    server.addService(loadReportService(), {
      streamCoreMetrics: reactor((context: ReactorContext, request: LoadReportRequest) => {
        const intervalMs = Math.max(minIntervalMs, millisecondsOf(request));
        return new ReportStream(context, this, engine, this.#streams, intervalMs);
      }),
    });
    styles.add({
      onStart() {},
      onShutdown: () => {
        for (const stream of this.#streams) stream.end("UNAVAILABLE", "the server is shutting down");
      },
      onOver() {},
      describePending: () => [],
    });
  }

  /** What is reported now. */
  get figures(): MessageInit<LoadReport> {
    return this.#figures;
  }

  /**
   * Says what the load is now, all of it: figures that are left out are not reported any more. Streams report it when
   * their interval is over.
   *
   * @throws {TypeError} for figures that are unknown or no numbers
   * @throws {RangeError} for figures out of their range
   */
  set(figures: MessageInit<LoadReport>): void {
    this.#figures = checkLoadReport(figures);
  }

  /**
   * Reports `figures` with the answer to `call`, and beside them those of the server; of the same figure that of the call
   * counts. It may be called several times.
   *
   * @throws {TypeError} for figures that are unknown or no numbers
   * @throws {RangeError} for figures out of their range
   */
  record(call: ReportedCall, figures: MessageInit<LoadReport>): void {
    const { trailers } = call;
    const recorded = merged(this.#recorded.get(trailers) ?? {}, checkLoadReport(figures));
    this.#recorded.set(trailers, recorded);
    const { responseCodec } = loadReportService().methods.streamCoreMetrics;
    trailers.set(TRAILER, encodeMessage(responseCodec, merged(this.#figures, recorded)));
  }

  /**
   * Reports the server's figures with every answer, and those that a handler recorded. For `server.intercept`. With answers
   * by reactors and queues it reports the figures that there are when the call begins, or when its handler records some.
   */
  readonly interceptor: ServerInterceptor = (next) => async (call) => {
    if (call.kind === "unseen") { // `next` resolves when its status is sent
      this.record(call, {});
      return await next(call);
    }
    try {
      return await next(call);
    } finally {
      this.record(call, {});
    }
  };
}

/** Both; of the same figure that of `second`. */
function merged(first: Figures, second: Figures): Figures {
  return {
    ...first,
    ...second,
    utilization: { ...first.utilization, ...second.utilization },
    requestCost: { ...first.requestCost, ...second.requestCost },
    namedMetrics: { ...first.namedMetrics, ...second.namedMetrics },
  };
}

function readMinInterval(options: LoadReportsOptions): number {
  checkOptions("report the load of a server", options, { minIntervalMs: true });
  const { minIntervalMs = DEFAULT_MIN_INTERVAL_MS } = options;
  if (typeof minIntervalMs === "number" && minIntervalMs >= 1 && minIntervalMs < Infinity) {
    return minIntervalMs;
  }
  throw new RangeError(
    `Cannot report the load of a server: minIntervalMs is ${
      describe(minIntervalMs)
    }; give 1 or more milliseconds`,
  );
}

/** What the client asks for; 0 where it leaves that to the server. */
function millisecondsOf({ reportInterval }: LoadReportRequest): number {
  if (reportInterval === undefined) return 0;
  return Number(reportInterval.seconds) * 1_000 + reportInterval.nanos / 1e6;
}
