// weighted_round_robin: calls go to all servers in turn, the more often the less load a server reports for its calls
// (gRFC A58).
//
// A server's weight is the calls that it answers a second, by its utilization. It reports both with its answers, or by a
// stream of its own ("out of band"). Who has no weight yet counts as the mean of the others; where fewer than two have one,
// all have the same number of turns.

import type { SocketAddress, TaskHandle } from "../../../pollers/mod.ts";
import type { PendingCall } from "../../client/call_route.ts";
import { encodeReportRequest } from "../../services/load_report_service.ts";
import type { ConnectivityState } from "../connectivity.ts";
import { type Picked, type Picker, type PickResult, tracked } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";
import { SubchannelStream } from "../subchannel_stream.ts";
import type { BalancingPolicy } from "./balancer.ts";
import { type EndpointChild, EndpointChildren } from "./endpoint_children.ts";
import { EndpointWeight } from "./endpoint_weight.ts";
import { firstCredits, type StaticStride, staticStride } from "./static_stride.ts";
import { readWeightedConfig, type WeightedConfig } from "./weighted_config.ts";

/** The path of the method by which servers report their load. */
const STREAM_CORE_METRICS = "/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics";

/** A connection of a server: with each new one its weight begins anew, and so does the stream of its reports. */
class WeighedSubchannel implements SubchannelWatcher {
  private stream: SubchannelStream | undefined = undefined;
  /** The period that the stream asked for. */
  private periodMs = 0;
  private subchannel: Subchannel | undefined = undefined;

  constructor(
    private readonly owner: WeightedRoundRobin,
    private readonly weight: EndpointWeight,
    private readonly watcher: SubchannelWatcher,
  ) {}

  onSubchannelState(subchannel: Subchannel, state: ConnectivityState): void {
    this.subchannel = state === "READY" ? subchannel : undefined;
    if (state === "READY") this.weight.reconnected();
    this.listen();
    if (state === "SHUTDOWN") this.owner.subchannelOver(this);
    this.watcher.onSubchannelState(subchannel, state);
  }
  onSubchannelHealth(subchannel: Subchannel): void {
    this.watcher.onSubchannelHealth(subchannel);
  }
  onSubchannelMoved(): void {
    this.end();
    this.listen();
  }
  onSubchannelThrew(error: unknown): void {
    this.watcher.onSubchannelThrew(error);
  }

  onStreamMessage(bytes: Uint8Array): void {
    this.weight.report(bytes);
  }
  onStreamEnded(): void {}

  /** Begins or ends the stream, as the config and the connection are now. */
  listen(): void {
    const { subchannel, owner: { config } } = this;
    const periodMs = subchannel !== undefined && config.enableOobLoadReport ? config.oobReportingPeriodMs : 0;
    if (periodMs === this.periodMs) return;
    this.end();
    if (periodMs === 0) return;
    this.periodMs = periodMs;
    const request = encodeReportRequest(periodMs);
    this.stream = new SubchannelStream(this.owner.engine, subchannel!, STREAM_CORE_METRICS, request, this);
    this.stream.start();
  }

  private end(): void {
    this.periodMs = 0;
    this.stream?.stop();
    this.stream = undefined;
  }
}

/** Connects to every server, and stays connected. */
class WeightedRoundRobin extends EndpointChildren<WeightedConfig> {
  /** Set before there is a child. */
  config!: WeightedConfig;
  private readonly weights = new WeakMap<EndpointChild, EndpointWeight>();
  private readonly subchannels = new Set<WeighedSubchannel>();
  /** The present picker, whose turns are shared out anew. */
  private picker: WeightedPicker | undefined = undefined;
  private timer: TaskHandle | undefined = undefined;

  /** For its connections. */
  get engine(): typeof this.helper.engine {
    return this.helper.engine;
  }

  override update(endpoints: readonly EndpointAddresses[], config: WeightedConfig): void {
    this.config = config;
    for (const subchannel of this.subchannels) subchannel.listen();
    super.update(endpoints, config);
    this.awaitUpdate();
  }

  override close(): void {
    this.cancelTimer();
    super.close();
  }

  override createSubchannel(
    child: EndpointChild,
    address: SocketAddress,
    watcher: SubchannelWatcher,
  ): Subchannel {
    const weighed = new WeighedSubchannel(this, this.weightOf(child), watcher);
    this.subchannels.add(weighed);
    return super.createSubchannel(child, address, weighed);
  }

  override pickOf(child: EndpointChild, subchannel: Subchannel): Picked {
    return tracked(super.pickOf(child, subchannel), this.weightOf(child));
  }

  /** From a connection. */
  subchannelOver(subchannel: WeighedSubchannel): void {
    this.subchannels.delete(subchannel);
  }

  protected override pickerOf(ready: readonly EndpointChild[]): Picker {
    const pickers = ready.map(({ picker }) => picker);
    const { engine } = this;
    const next = Math.floor(engine.random() * ready.length);
    const credits = firstCredits(ready.length, engine.random());
    this.picker = new WeightedPicker(pickers, ready.map((child) => this.weightOf(child)), next, credits);
    this.picker.share(engine.now());
    return this.picker;
  }

  private weightOf(child: EndpointChild): EndpointWeight {
    let weight = this.weights.get(child);
    if (weight === undefined) this.weights.set(child, weight = new EndpointWeight(this));
    return weight;
  }

  private awaitUpdate(): void {
    this.cancelTimer();
    const { engine } = this;
    this.timer = engine.runAt(engine.now() + this.config.weightUpdatePeriodMs, () => {
      this.picker?.share(engine.now());
      this.awaitUpdate();
    });
  }

  private cancelTimer(): void {
    if (this.timer !== undefined) this.engine.cancel(this.timer);
    this.timer = undefined;
  }
}

/** Each in turn, and some more often than others. */
class WeightedPicker implements Picker {
  /** Undefined: each as often as the others. */
  private stride: StaticStride | undefined = undefined;

  constructor(
    private readonly pickers: readonly Picker[],
    private readonly weights: readonly EndpointWeight[],
    private next: number,
    private readonly credits: Int32Array,
  ) {}

  /** Shares the turns out by what the weights are now. */
  share(now: number): void {
    const next = this.stride?.next ?? this.next;
    this.next = next;
    this.stride = staticStride(this.weights.map((weight) => weight.at(now)), next, this.credits);
  }

  pick(call: PendingCall): PickResult {
    const { stride, pickers } = this;
    if (stride !== undefined) return pickers[stride.take()]!.pick(call);
    const { next } = this;
    this.next = next + 1 === pickers.length ? 0 : next + 1;
    return pickers[next]!.pick(call);
  }
}

/** See the head of this file. */
export const WEIGHTED_ROUND_ROBIN: BalancingPolicy<WeightedConfig> = {
  name: "weighted_round_robin",
  readConfig: readWeightedConfig,
  make: (helper) => new WeightedRoundRobin(helper),
};
