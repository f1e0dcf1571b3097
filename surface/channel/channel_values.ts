// Values of a channel's options that nothing else looks at before it connects.

import { checkNumber, checkType, describe } from "../options.ts";

/** Options that are numbers: the least, and what to give. Reconnecting takes longer than a shorter `idleTimeoutMs` would save. */
const NUMBERS = {
  idleTimeoutMs: [1_000, "1,000 or more milliseconds, or Infinity"],
  initialBackoffMs: [Number.MIN_VALUE, "milliseconds above 0"],
  retryBufferBytes: [0, "0 or more octets"],
} as const;

/** Options that are true or false, and that nothing else looks at the type of. */
const SWITCHES = ["lookUpServiceConfig", "enableRetries", "holdsProcess", "shareConnections"] as const;

/** Throws RangeError for numbers out of their range, and TypeError for what is not true or false. */
export function checkValues(purpose: string, options: object): void {
  const given = options as Readonly<Record<string, unknown>>;
  for (const [name, [least, expected]] of Object.entries(NUMBERS)) {
    checkNumber(purpose, name, given[name], least, expected);
  }
  for (const name of SWITCHES) checkType(purpose, name, given[name], "boolean");
}

/** `given`, or what is said where nothing is given. Throws TypeError where no request can say it. */
export function checkedAuthority(given: unknown, ofTarget: () => string): string {
  const authority = given === undefined ? ofTarget() : given;
  if (typeof authority === "string" && !/[^!-~]/.test(authority)) return authority;
  const found = `authority${given === undefined ? " of the target" : ""} is ${describe(authority)}`;
  throw new TypeError(`Cannot make a channel: ${found}; give authority: "host" or "host:port"`);
}
