// What a server says of its load by a stream of its own, for clients that balance by it (gRFC A51).

import type { EventEngine, TaskHandle } from "../../../pollers/mod.ts";
import { Buffer } from "../../../pollers/native/node_classes.ts";
import { encodeMessage } from "../../proto/mod.ts";
import type { Figures } from "../../services/load_figures.ts";
import { type LoadReportRequest, loadReportService } from "../../services/load_report_service.ts";
import { checkedFigure, encodeReport, withFigure } from "./call_metrics.ts";
import type { ServiceDefinition } from "./definitions.ts";
import { later } from "./later.ts";
import { engineOf, type Server } from "./server.ts";
import type { ServerWritableStream } from "./server_call.ts";

/** Where the client leaves it to the server; of grpc-js. */
const DEFAULT_INTERVAL_MS = 30_000;

/** Whatever a client asks for: a hundred reports a second are enough for it, and are little to send. */
const LEAST_INTERVAL_MS = 10;

type ReportStream = ServerWritableStream<LoadReportRequest, Figures>;

/** The service, as `Server.addService` takes it. */
function definition(): ServiceDefinition {
  const { name, localName, path, requestCodec, responseCodec } =
    loadReportService().methods.streamCoreMetrics;
  return {
    [name]: {
      path,
      requestStream: false,
      responseStream: true,
      requestSerialize: (request) => Buffer.from(encodeMessage(requestCodec, request)),
      requestDeserialize: (octets) => requestCodec.decode(octets),
      responseSerialize: encodeReport,
      responseDeserialize: (octets) => responseCodec.decode(octets),
      originalName: localName,
    },
  };
}

function intervalMs({ reportInterval }: LoadReportRequest): number {
  if (reportInterval === undefined) return DEFAULT_INTERVAL_MS;
  const asked = Number(reportInterval.seconds) * 1_000 + reportInterval.nanos / 1e6;
  return Math.max(LEAST_INTERVAL_MS, asked);
}

/** Writes `figures` to `call` in each interval until the call is over; the next one waits until there is room for it. */
function report(call: ReportStream, figures: Figures, engine: EventEngine): void {
  const ms = intervalMs(call.request);
  let task: TaskHandle | undefined = undefined;
  const write = (): void => {
    if (!call.cancelled) call.write(figures, next);
  };
  const next = (error?: Error | null): void => {
    if (!error && !call.cancelled) task = engine.runAt(engine.now() + ms, () => later(write));
  };
  call.on("cancelled", () => {
    if (task !== undefined) engine.cancel(task);
  });
  next();
}

/**
 * The load of a server, of which clients that ask for it get a report every 30 s, or as often as they ask for.
 *
 * @example
 * ```ts ignore
 * const recorder = new grpc.ServerMetricRecorder();
 * recorder.addToServer(server);
 * recorder.setCpuUtilizationMetric(0.4); // as often as it is measured
 * ```
 */
export class ServerMetricRecorder {
  readonly #figures: Figures = {};

  /**
   * How much of a resource that has a name is in use: 0 to 1.
   *
   * @throws {TypeError} for what is no number
   */
  putUtilizationMetric(name: string, value: number): void {
    this.#figures.utilization = withFigure(this.#figures.utilization, name, value);
  }

  /**
   * The same of all of them: others are not reported any more.
   *
   * @throws {TypeError} for what is no number
   */
  setAllUtilizationMetrics(metrics: { [name: string]: number }): void {
    for (const [name, value] of Object.entries(metrics)) checkedFigure(JSON.stringify(name), value);
    this.#figures.utilization = { ...metrics };
  }

  /** That one is not reported any more. */
  deleteUtilizationMetric(name: string): void {
    const { [name]: _deleted, ...rest } = this.#figures.utilization ?? {};
    this.#figures.utilization = rest;
  }

  /**
   * How much of the processor is in use: 1 is all of it.
   *
   * @throws {TypeError} for what is no number
   */
  setCpuUtilizationMetric(value: number): void {
    this.#figures.cpuUtilization = checkedFigure("the CPU utilization", value);
  }

  /** It is not reported any more. */
  deleteCpuUtilizationMetric(): void {
    delete this.#figures.cpuUtilization;
  }

  /**
   * How much of what the application can do it does: 1 is all of it.
   *
   * @throws {TypeError} for what is no number
   */
  setApplicationUtilizationMetric(value: number): void {
    this.#figures.applicationUtilization = checkedFigure("the application utilization", value);
  }

  /** It is not reported any more. */
  deleteApplicationUtilizationMetric(): void {
    delete this.#figures.applicationUtilization;
  }

  /**
   * Calls a second.
   *
   * @throws {TypeError} for what is no number
   */
  setQpsMetric(value: number): void {
    this.#figures.rpsFractional = checkedFigure("the calls a second", value);
  }

  /** They are not reported any more. */
  deleteQpsMetric(): void {
    delete this.#figures.rpsFractional;
  }

  /**
   * Calls a second that fail.
   *
   * @throws {TypeError} for what is no number
   */
  setEpsMetric(value: number): void {
    this.#figures.eps = checkedFigure("the errors a second", value);
  }

  /** They are not reported any more. */
  deleteEpsMetric(): void {
    delete this.#figures.eps;
  }

  /**
   * Has `server` serve the reports.
   *
   * @throws {Error} where it serves them already
   */
  addToServer(server: Server): void {
    const figures = this.#figures;
    const streamCoreMetrics = (call: ReportStream): void => report(call, figures, engineOf(server));
    server.addService(definition(), { streamCoreMetrics });
  }
}
