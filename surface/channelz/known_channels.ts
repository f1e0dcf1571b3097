// A channel, as channelz knows it, and what makes it known.

import type { CallObserver } from "../call/call_observer.ts";
import type { ConnectivityState } from "../channel/connectivity.ts";
import type { Subchannel } from "../channel/subchannel.ts";
import type { ConnectionLeft } from "./subchannel_calls.ts";

/** A channel, as channelz sees it. */
export interface KnownChannel {
  readonly state: ConnectivityState;
  /** "dns:///guide:443". */
  readonly target: string;
  readonly subchannels: readonly Subchannel[];
  /** Has `observer` see its calls, until the function that it returns is called. */
  observe(observer: CallObserver): () => void;
  /** Calls `watcher` with the next state, once, unless the function that it returns is called before. */
  onNextState(watcher: (state: ConnectivityState) => void): () => void;
}

/** What calls of a channel go through, as far as channelz shows it. */
export interface KnownRoute {
  readonly state: ConnectivityState;
  /** The addresses that it connects to, or has lost. */
  readonly connections: readonly Subchannel[];
}

/** The channels of this thread, for those who show them. */
export interface KnownChannels {
  /**
   * A channel to `target` was made; returns what ends that it is known. `observe` and `onNextState` as in
   * {@linkcode KnownChannel}.
   */
  add(
    target: string,
    route: KnownRoute,
    observe: KnownChannel["observe"],
    onNextState: KnownChannel["onNextState"],
  ): () => void;
  /** Of the subchannels of such channels. */
  readonly connectionLeft: ConnectionLeft;
}
