// The channels and servers of a thread, for channelz. They are known weakly: who lets a channel go without closing it loses
// nothing, and a channel pays for one reference. Channels are counted and traced only while a server has a `Channelz`.

import type { ConnectivityState } from "../channel/connectivity.ts";
import { CallCounts } from "./call_counts.ts";
import { ChannelTrace } from "./channel_trace.ts";
import { numberOf } from "./identity.ts";
import type { KnownChannel, KnownChannels } from "./known_channels.ts";
import { connectionLeft } from "./subchannel_calls.ts";

/** Channels that may have been let go, before they are looked through. */
const LEAST_LOOKED_AT = 1_024;

/** What was counted and traced of a channel. */
export interface Watched {
  readonly counts: CallCounts;
  readonly trace: ChannelTrace;
  /** Ends counting and tracing. */
  readonly stop: () => void;
}

const channels = new Map<number, WeakRef<KnownChannel>>();
const watched = new WeakMap<KnownChannel, Watched>();
let lookAt = LEAST_LOOKED_AT;
/** Those who want channels to be counted. */
let users = 0;

/** A channel was made. Its owner has to keep `channel`, which is nobody else's. */
export function addChannel(channel: KnownChannel): void {
  channels.set(numberOf(channel), new WeakRef(channel));
  if (users > 0) watch(channel);
  if (channels.size < lookAt) return;
  lookAt = Math.max(LEAST_LOOKED_AT, 2 * knownChannels().length);
}

/** For channels, as a feature of theirs. */
export const KNOWN_CHANNELS: KnownChannels = {
  add(target, route, observe, onNextState) {
    const known: KnownChannel = {
      target,
      get state() {
        return route.state;
      },
      get subchannels() {
        return route.connections;
      },
      observe,
      onNextState,
    };
    addChannel(known);
    return () => removeChannel(known);
  },
  connectionLeft,
};

/** A channel was closed. */
export function removeChannel(channel: KnownChannel): void {
  channels.delete(numberOf(channel));
}

/** The channels that there are, in the order in which they were made. */
export function knownChannels(): KnownChannel[] {
  const all: KnownChannel[] = [];
  for (const [number, reference] of channels) {
    const channel = reference.deref();
    if (channel === undefined) channels.delete(number);
    else all.push(channel);
  }
  return all;
}

/**
 * Has channels counted and traced, those that there are and those to come, until the function that it returns is called; for
 * others who want it they still are.
 */
export function watchChannels(): () => void {
  if (++users === 1) { for (const channel of knownChannels()) watch(channel); }
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--users === 0) { for (const channel of knownChannels()) unwatch(channel); }
  };
}

/** What is known of `channel`. */
export function watchedOf(channel: KnownChannel): Watched {
  return watched.get(channel)!;
}

function watch(channel: KnownChannel): void {
  const counts = new CallCounts();
  const trace = new ChannelTrace();
  let takeBack: () => void;
  const next = (state: ConnectivityState): void => {
    trace.add(state);
    takeBack = channel.onNextState(next);
  };
  next(channel.state);
  const stopCounting = channel.observe(counts);
  const stop = (): void => {
    stopCounting();
    takeBack();
  };
  watched.set(channel, { counts, trace, stop });
}

function unwatch(channel: KnownChannel): void {
  watched.get(channel)?.stop();
  watched.delete(channel);
}
