// A snapshot of channelz as tables for a terminal; what changed since the one before is shown as a rate.

import { type Column, cut, printable, type Style, table } from "../text.ts";
import type { Calls, Connection, Snapshot } from "./snapshot.ts";

/** Lines of `now`, at most `width` wide. `before`: the last snapshot, for rates. */
export function snapshotLines(
  now: Snapshot,
  before: Snapshot | undefined,
  width: number,
  style: Style,
): string[] {
  const rates = new Rates(now, before);
  const sections = [
    section(
      "Servers",
      SERVER,
      now.servers.map((one) => [
        String(one.id),
        printable(one.listens.join(" ")) || "-",
        String(one.connections.length),
        ...callCells(one.calls, rates.of("server", one.id, one.calls), style),
      ]),
    ),
    section("Connections to servers", CONNECTION, connectionRows(now.servers, rates, style)),
    section(
      "Channels",
      CHANNEL,
      now.channels.map((one) => [
        String(one.id),
        printable(one.target),
        stateText(one.state, style),
        String(one.subchannels.length),
        ...callCells(one.calls, rates.of("channel", one.id, one.calls), style),
      ]),
    ),
    section(
      "Subchannels",
      CHANNEL_PART,
      now.channels.flatMap(({ id, subchannels }) =>
        subchannels.map((one) => [
          `${id}/${one.id}`,
          printable(one.target),
          stateText(one.state, style),
          String(one.connections.length),
          ...callCells(one.calls, rates.of("subchannel", one.id, one.calls), style),
        ])
      ),
    ),
    section(
      "Connections of channels",
      CONNECTION,
      connectionRows(now.channels.flatMap(({ subchannels }) => subchannels), rates, style),
    ),
  ];
  const shown = sections.filter(({ rows }) => rows.length > 0);
  if (shown.length === 0) return ["The program has neither servers nor channels that channelz knows of"];
  return shown.flatMap(({ title, columns, rows }, i) => [
    ...(i === 0 ? [] : [""]),
    cut(style.bold(`${title} (${rows.length})`), width),
    ...table(columns, rows, width, style),
  ]);
}

interface Section {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: string[][];
}

function section(title: string, columns: readonly Column[], rows: string[][]): Section {
  return { title, columns, rows };
}

const CALLS: readonly Column[] = [
  { title: "CALLS", right: true },
  { title: "OPEN", right: true },
  { title: "OK", right: true },
  { title: "FAILED", right: true },
  { title: "/S", right: true },
];
const SERVER: readonly Column[] = [
  { title: "ID", right: true },
  { title: "LISTENS", elastic: true },
  { title: "CONNECTIONS", right: true },
  ...CALLS,
];
const CHANNEL: readonly Column[] = [
  { title: "ID", right: true },
  { title: "TARGET", elastic: true },
  { title: "STATE" },
  { title: "ADDRESSES", right: true },
  ...CALLS,
];
const CHANNEL_PART: readonly Column[] = [
  { title: "ID", right: true },
  { title: "ADDRESS", elastic: true },
  { title: "STATE" },
  { title: "CONNECTIONS", right: true },
  ...CALLS,
];
const CONNECTION: readonly Column[] = [
  { title: "ID", right: true },
  { title: "LOCAL", elastic: true },
  { title: "REMOTE", elastic: true },
  { title: "TLS", elastic: true, optional: true },
  { title: "STREAMS", right: true },
  { title: "OPEN", right: true },
  { title: "FAILED", right: true, optional: true },
  { title: "SENT", right: true, optional: true },
  { title: "RECEIVED", right: true, optional: true },
  { title: "/S", right: true },
];

function connectionRows(
  owners: readonly { readonly connections: readonly Connection[] }[],
  rates: Rates,
  style: Style,
): string[][] {
  return owners.flatMap(({ connections }) => connections).map((one) => {
    const [started, open, , failed, rate] = callCells(
      one.streams,
      rates.of("socket", one.id, one.streams),
      style,
    );
    return [
      String(one.id),
      printable(one.local),
      printable(one.remote),
      printable(one.tls ?? "-"),
      ...[started!, open!, failed!],
      grouped(one.messagesSent),
      grouped(one.messagesReceived),
      rate!,
    ];
  });
}

function callCells({ started, succeeded, failed }: Calls, rate: number | undefined, style: Style): string[] {
  return [
    grouped(started),
    grouped(Math.max(0, started - succeeded - failed)),
    grouped(succeeded),
    failed === 0 ? "0" : style.red(grouped(failed)),
    rate === undefined ? "-" : rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate)),
  ];
}

function stateText(state: string, { green, red, yellow, dim }: Style): string {
  const text = printable(state);
  if (state === "READY") return green(text);
  if (state === "TRANSIENT_FAILURE") return red(text);
  return state === "CONNECTING" ? yellow(text) : dim(text);
}

/** "1,234,567". */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Calls a second between two snapshots, by what began them. */
class Rates {
  private readonly seconds: number;
  private readonly started = new Map<string, number>();

  constructor(now: Snapshot, before: Snapshot | undefined) {
    this.seconds = before === undefined ? 0 : (Date.parse(now.time) - Date.parse(before.time)) / 1000;
    if (before === undefined) return;
    for (const { id, calls, connections } of before.servers) {
      this.started.set(`server ${id}`, calls.started);
      this.addConnections(connections);
    }
    for (const { id, calls, subchannels } of before.channels) {
      this.started.set(`channel ${id}`, calls.started);
      for (const { id, calls, connections } of subchannels) {
        this.started.set(`subchannel ${id}`, calls.started);
        this.addConnections(connections);
      }
    }
  }

  /** Undefined where nothing is known of before. */
  of(kind: string, id: number, { started }: Calls): number | undefined {
    const before = this.started.get(`${kind} ${id}`);
    if (before === undefined || this.seconds <= 0) return undefined;
    return Math.max(0, started - before) / this.seconds;
  }

  private addConnections(connections: readonly Connection[]): void {
    for (const { id, streams } of connections) this.started.set(`socket ${id}`, streams.started);
  }
}
