// What a handler says of the load that its call made, for clients that balance by it (gRFC A51).

import { Buffer } from "../../../pollers/native/node_classes.ts";
import { describe } from "../../options.ts";
import { encodeMessage, type MessageInit } from "../../proto/mod.ts";
import type { Figures } from "../../services/load_figures.ts";
import { type LoadReport, loadReportService } from "../../services/load_report_service.ts";

/** Where calls have the report, among their trailers. */
const TRAILER = "endpoint-load-metrics-bin";

/** Figures by name. */
type Named = { [name: string]: number };

/** `figure`, which is to be called `name`. Throws TypeError for what is no number. */
export function checkedFigure(name: string, figure: number): number {
  if (typeof figure === "number") return figure;
  throw new TypeError(`Cannot record ${name}: expected a number, found ${describe(figure)}`);
}

/** `figures` and one more, or another value of one. Throws TypeError for what is no number. */
export function withFigure(figures: Named | undefined, name: string, figure: number): Named {
  return { ...figures, [name]: checkedFigure(JSON.stringify(name), figure) };
}

/** `figures` as the protocol's message. */
export function encodeReport(figures: MessageInit<LoadReport>): Buffer {
  const { buffer, byteOffset, length } = encodeMessage(
    loadReportService().methods.streamCoreMetrics.responseCodec,
    figures,
  );
  return Buffer.from(buffer, byteOffset, length);
}

/**
 * The load of one call. A server with the option `grpc.server_call_metric_recording` sends it with the call's status; of
 * a figure that is recorded again the last value counts.
 */
export class PerRequestMetricRecorder {
  #figures: Figures = {};

  /**
   * What the call cost, of a kind that has a name.
   *
   * @throws {TypeError} for what is no number
   */
  recordRequestCostMetric(name: string, value: number): void {
    this.#figures.requestCost = withFigure(this.#figures.requestCost, name, value);
  }

  /**
   * How much of a resource that has a name is in use: 0 to 1.
   *
   * @throws {TypeError} for what is no number
   */
  recordUtilizationMetric(name: string, value: number): void {
    this.#figures.utilization = withFigure(this.#figures.utilization, name, value);
  }

  /**
   * A figure of the application's own.
   *
   * @throws {TypeError} for what is no number
   */
  recordNamedMetric(name: string, value: number): void {
    this.#figures.namedMetrics = withFigure(this.#figures.namedMetrics, name, value);
  }

  /**
   * How much of the processor is in use: 1 is all of it.
   *
   * @throws {TypeError} for what is no number
   */
  recordCPUUtilizationMetric(value: number): void {
    this.#figures.cpuUtilization = checkedFigure("the CPU utilization", value);
  }

  /**
   * How much of the memory is in use: 0 to 1.
   *
   * @throws {TypeError} for what is no number
   */
  recordMemoryUtilizationMetric(value: number): void {
    this.#figures.memUtilization = checkedFigure("the memory utilization", value);
  }

  /**
   * How much of what the application can do it does: 1 is all of it.
   *
   * @throws {TypeError} for what is no number
   */
  recordApplicationUtilizationMetric(value: number): void {
    this.#figures.applicationUtilization = checkedFigure("the application utilization", value);
  }

  /**
   * Calls a second.
   *
   * @throws {TypeError} for what is no number
   */
  recordQpsMetric(value: number): void {
    this.#figures.rpsFractional = checkedFigure("the calls a second", value);
  }

  /**
   * Calls a second that fail.
   *
   * @throws {TypeError} for what is no number
   */
  recordEpsMetric(value: number): void {
    this.#figures.eps = checkedFigure("the errors a second", value);
  }

  /** The report in octets. */
  serialize(): Buffer {
    return encodeReport(this.#figures);
  }
}

/** The trailer of a call whose handler recorded by `recorder`: its name and its value; undefined: it recorded nothing. */
export function reportFields(recorder: PerRequestMetricRecorder | undefined): readonly string[] {
  return [TRAILER, recorder === undefined ? "" : recorder.serialize().toString("base64")];
}
