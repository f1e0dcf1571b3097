// Values of a channel's options that nothing else looks at before it connects.

import { describe } from "../options.ts";

/** Options that are numbers: the least, and what to give. Reconnecting takes longer than a shorter `idleTimeoutMs` would save. */
const NUMBERS = {
  idleTimeoutMs: [1_000, "1,000 or more milliseconds, or Infinity"],
  initialBackoffMs: [Number.MIN_VALUE, "milliseconds above 0"],
  retryBufferBytes: [0, "0 or more octets"],
} as const;

/** Options that are true or false, and that nothing else looks at the type of. */
const SWITCHES = ["lookUpServiceConfig", "holdsProcess", "shareConnections"] as const;

/** Throws RangeError for numbers out of their range, and TypeError for what is not true or false. */
export function checkValues(options: object): void {
  for (const name of Object.keys(NUMBERS) as Array<keyof typeof NUMBERS>) {
    const given = (options as Record<string, unknown>)[name];
    const [least, expected] = NUMBERS[name];
    if (given === undefined || (typeof given === "number" && given >= least)) continue;
    throw new RangeError(`Cannot make a channel: ${name} is ${String(given)}; give ${expected}`);
  }
  for (const name of SWITCHES) {
    const given = (options as Record<string, unknown>)[name];
    if (given === undefined || typeof given === "boolean") continue;
    throw new TypeError(`Cannot make a channel: ${name} is ${describe(given)}; give true or false`);
  }
}

/** `given`, or what is said where nothing is given. Throws TypeError where no request can say it. */
export function checkedAuthority(given: unknown, ofTarget: () => string): string {
  const authority = given === undefined ? ofTarget() : given;
  if (typeof authority === "string" && !/[^!-~]/.test(authority)) return authority;
  const found = `authority${given === undefined ? " of the target" : ""} is ${describe(authority)}`;
  throw new TypeError(`Cannot make a channel: ${found}; give authority: "host" or "host:port"`);
}
