// What a thread of the library has that outlives it: the thread tells its owner, who releases it where it ended by accident.

import { watchResources } from "../pollers/core/thread_resources.ts";
import { type EventEngine, ORPHANED_RESOURCES } from "../pollers/mod.ts";
import { freeHoldings, shareHoldings } from "../transport/mod.ts";
import { useEngine } from "./full/engines.ts";

/** From a thread to its owner. */
export type HoldingsMessage =
  /** What OpenSSL keeps of it, to be freed once it is gone. */
  | { readonly kind: "tls"; readonly holdings: Float64Array }
  /** What an engine of `poller` has, which must be released should the thread end by accident; one that has its number before was less. */
  | { readonly kind: "held"; readonly holder: number; readonly poller: string; readonly resources: unknown }
  /** That engine has released it. */
  | { readonly kind: "released"; readonly holder: number };

/** In a thread, before it makes an engine: its owner hears of all that engines of the thread have open, whoever makes them. */
export function tellHoldings(tell: (message: HoldingsMessage) => void): void {
  const holders = new Map<object, number>();
  let numbers = 0;
  watchResources({
    onHeld(one, poller, resources) {
      const holder = holders.get(one) ?? ++numbers;
      holders.set(one, holder);
      tell({ kind: "held", holder, poller, resources });
    },
    onReleased(one) {
      const holder = holders.get(one);
      if (holder === undefined) return;
      holders.delete(one);
      tell({ kind: "released", holder });
    },
  });
  tell({ kind: "tls", holdings: shareHoldings() });
}

/** What the owner of a thread knows of it. */
export class ThreadHoldings {
  private tls: Float64Array | undefined = undefined;
  /** What its engines have open, by their numbers. */
  private readonly resources = new Map<number, { readonly poller: string; readonly exported: unknown }>();

  /** From the thread. */
  hear(message: HoldingsMessage): void {
    if (message.kind === "tls") this.tls = message.holdings;
    else if (message.kind === "released") this.resources.delete(message.holder);
    else this.resources.set(message.holder, { poller: message.poller, exported: message.resources });
  }

  /** Frees what OpenSSL keeps of the thread, which is gone and runs no more. */
  freeTls(): void {
    if (this.tls !== undefined) freeHoldings(this.tls);
    this.tls = undefined;
  }

  /**
   * Releases what engines of the thread, which is gone, still have open, except `kept`: first by `engine`, where that is of the
   * same poller. Rejects where no descriptors are left for an engine of another one.
   */
  async reclaim(engine?: EventEngine, kept: readonly number[] = []): Promise<void> {
    const all = [...this.resources.values()];
    this.resources.clear();
    const by = (one: EventEngine, exported: unknown): Promise<void> | undefined =>
      one.extension(ORPHANED_RESOURCES)?.reclaimResources(exported, kept);
    const isOf = ({ poller }: { readonly poller: string }): boolean => poller === engine?.name;
    await Promise.all(all.filter(isOf).map(({ exported }) => by(engine!, exported)));
    for (const { poller, exported } of all.filter((one) => !isOf(one))) {
      const use = useEngine(poller);
      await by(use.engine, exported);
      await use.end();
    }
  }
}
