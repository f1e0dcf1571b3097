// The helper thread as the thread sees it that blocks: one for all of its channels, from the first call to the last close.

import { formatDestination } from "../channel/destination.ts";
import { defaultReporter } from "../../pollers/mod.ts";
import { Mailbox } from "../../pollers/native/mailbox.ts";
import { whyNoThread } from "../../pollers/native/thread.ts";
import type { CallContext } from "../client/call_context.ts";
import { ChannelCredentials } from "../credentials/channel_credentials.ts";
import { describe } from "../options.ts";
import { type HoldingsMessage, ThreadHoldings } from "../thread_holdings.ts";
import type { FromHelper, HelperPost, ToHelper } from "./helper_protocol.ts";

/** The module of the thread. */
const locate = (): URL => new URL("./helper_worker.ts", import.meta.url);

/** What a channel's options have that is this thread's own, and means nothing to calls of octets. */
const OWN_OPTIONS = ["features", "poller", "onError", "logger", "maxReceiveElements", "callCredentials"];

/** `options` of a channel, its credentials as the data from which the helper makes the same: certificates of this moment. */
function portable(options: { readonly credentials?: unknown }): object {
  const { credentials } = options;
  return credentials instanceof ChannelCredentials
    ? { ...options, credentials: credentials.options }
    : options;
}

/** A call that the helper makes. */
export interface HelpedSink {
  /** Its channel's. */
  readonly context: CallContext;
  /** Something of it came. */
  onMessage(message: FromHelper): void;
  /** The helper is gone, or hangs. */
  onHelperLost(reason: string): void;
  /** Its channel is closed, and the helper says nothing of it any more. */
  onChannelClosed(): void;
}

/** The helper, and the calls that it makes. */
export class Helper {
  private readonly holdings = new ThreadHoldings();
  private readonly mailbox = new Mailbox(locate(), undefined, (post) => this.sort(post as HelperPost));
  private readonly channels = new Map<CallContext, number>();
  private readonly calls = new Map<number, HelpedSink>();
  private numbers = 0;
  /** What came and was not dispatched: an observer may make a call that blocks before what comes later. */
  private came: Iterable<FromHelper> = [];

  /** Throws where the runtime can start no thread. */
  constructor() {
    void this.mailbox.ended.then(({ mayRun }) => {
      this.lost("its thread has ended");
      if (!mayRun) this.holdings.freeTls();
      this.holdings.reclaim().catch(({ message }: Error) =>
        // no descriptors are left for an engine of its poller
        defaultReporter.log("warn", `what a helper thread had open stays open: ${message}`)
      );
    });
  }

  /** Why there can be none for `context`, as a sentence; undefined where there can. */
  static lack({ channelOptions }: CallContext): string | undefined {
    for (const [name, value] of Object.entries(portable(channelOptions))) {
      if (OWN_OPTIONS.includes(name)) continue;
      try {
        structuredClone(value);
      } catch {
        return `a helper thread cannot make its calls either: the channel's option ${name} is ${
          describe(value)
        }, ` +
          "which cannot be sent to a thread";
      }
    }
    const lack = whyNoThread(locate);
    return lack === undefined ? undefined : `no helper thread can make its calls: ${lack}`;
  }

  /** Begins a call, with the number that `order` gives it. */
  start(context: CallContext, sink: HelpedSink, order: (channel: number, call: number) => ToHelper): number {
    const call = ++this.numbers;
    this.calls.set(call, sink);
    this.send(order(this.channelOf(context), call));
    return call;
  }

  /** Sends `order`; what `moved` is goes with it. */
  send(order: ToHelper, moved?: ArrayBuffer): void {
    this.mailbox.post(order, moved === undefined ? [] : [moved]);
  }

  /** The call is over: nothing of it matters any more. */
  forget(call: number): void {
    this.calls.delete(call);
  }

  /** Blocks until something comes, `timeoutMs` at most; false where nothing did. */
  pump(timeoutMs: number, spinMs: number): boolean {
    if (this.dispatchCame()) return true;
    let got: unknown;
    try {
      got = this.mailbox.receive(timeoutMs, spinMs);
    } catch (error) {
      this.lost((error as Error).message);
      return true;
    }
    if (got === undefined) return false;
    this.sort(got as HelperPost);
    this.dispatchCame();
    return true;
  }

  private sort(post: HelperPost): void {
    if (Array.isArray(post)) this.came = (post as readonly FromHelper[]).values();
    else this.holdings.hear(post as HoldingsMessage);
  }

  /** False where there was nothing. An observer that blocks in it goes on with the same messages. */
  private dispatchCame(): boolean {
    let some = false;
    for (const message of this.came) {
      some = true;
      this.dispatch(message);
    }
    return some;
  }

  private dispatch(message: FromHelper): void {
    if (message.kind === "crashed") return this.lost(message.reason);
    this.calls.get(message.call)?.onMessage(message);
  }

  private lost(reason: string): void {
    if (helper === this) helper = undefined;
    this.mailbox.terminate();
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const call of calls) call.onHelperLost(reason);
  }

  private channelOf(context: CallContext): number {
    const known = this.channels.get(context);
    if (known !== undefined) return known;
    const channel = ++this.numbers;
    this.channels.set(context, channel);
    const { target, channelOptions, engine, end } = context;
    const options = Object.fromEntries(
      Object.entries(portable(channelOptions)).filter(([name, value]) =>
        !OWN_OPTIONS.includes(name) && value !== undefined
      ),
    );
    this.send({
      kind: "channel",
      channel,
      target: formatDestination(target),
      options: { ...options, poller: engine.name },
    });
    end.closers.add(() => this.closeChannel(context, channel));
    return channel;
  }

  /**
   * With its last channel the helper ends. The channel's calls end here, before that: who blocks for one of them would wait
   * for a thread that may be gone.
   */
  private closeChannel(context: CallContext, channel: number): Promise<unknown> | undefined {
    this.channels.delete(context);
    for (const call of [...this.calls.values()]) if (call.context === context) call.onChannelClosed();
    this.send({ kind: "close", channel });
    if (this.channels.size > 0) return undefined;
    if (helper === this) helper = undefined;
    return this.mailbox.end();
  }
}

let helper: Helper | undefined = undefined;

/** This thread's helper. Throws where the runtime can start no thread. */
export function helperOfThread(): Helper {
  return helper ??= new Helper();
}
