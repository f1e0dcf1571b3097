// What is around the calls of a world: a server's interceptor, which admits them late or not at all, and observers.
import { type CallObserver, type ObservedCall, RpcError, type ServerInterceptor, Status } from "pollwire";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import type { Duty } from "./duties.ts";
import { ModelError } from "./model_error.ts";
import type { Setting } from "./setting.ts";

/** Whether the interceptor of a world refuses call `id`. */
export function isRefused(seed: number, id: number): boolean {
  return new SeededRandom(seed ^ Math.imul(id, 48_271)).chance(0.05);
}

/** The status of a call that it refuses. */
export const REFUSAL = Status.UNAUTHENTICATED;

/** Admits calls at once, later, or never, in every style. */
export function admission(setting: Setting, seed: number): ServerInterceptor {
  return (next) => async (call) => {
    const id = Number(call.metadata.get("x-id"));
    const { choices, simulation } = setting;
    if (choices.chance(0.3)) await simulation.sleep(choices.pick([0, 1, 20]));
    if (isRefused(seed, id)) throw new RpcError(REFUSAL, `refused ${id}`);
    return await next(call);
  };
}

/** Sees that every call of a side begins and ends once, and that nothing comes before or after. */
export function observer(setting: Setting, side: "client" | "server"): CallObserver {
  const running = new Map<ObservedCall, Duty<void>>();
  const nameOf = ({ method, metadata }: ObservedCall): string =>
    `${method} of call ${metadata.get("x-id")} (${side})`;
  const checkRunning = (call: ObservedCall, what: string): void => {
    if (running.has(call) && call.side === side) return;
    setting.problem(new ModelError(`${nameOf(call)}: ${what}, and it does not run`));
  };
  return {
    onCallBegin(call) {
      if (running.has(call)) setting.problem(new ModelError(`${nameOf(call)}: it has begun twice`));
      running.set(call, setting.duties.begin(`observed ${nameOf(call)}`, () => {}));
    },
    onAttempt: (call) => checkRunning(call, "an attempt"),
    onInitialMetadata: (call) => checkRunning(call, "initial metadata"),
    onMessageSent: (call) => checkRunning(call, "a message sent"),
    onMessageReceived: (call) => checkRunning(call, "a message received"),
    onCallEnd(call) {
      checkRunning(call, "its end");
      running.get(call)?.settle();
      running.delete(call);
    },
  };
}
