// What interop cases assert: each failure is one sentence about the call that was made.
import { RpcError, type StatusCode, statusName } from "pollwire";
import type { Payload } from "./service.ts";

/** What a case found is not what its description demands. */
export class CaseFailure extends Error {}

/** `found` is `expected`. */
export function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (Object.is(found, expected)) return;
  throw new CaseFailure(`${what} is ${show(found)}, expected ${show(expected)}`);
}

/** `payload` has `size` bytes, all of them zero. */
export function expectPayload(what: string, payload: Payload | undefined, size: number): void {
  const body = payload?.body ?? new Uint8Array(0);
  expectEqual(`the size of ${what}`, body.length, size);
  const wrong = body.findIndex((byte) => byte !== 0);
  if (wrong >= 0) throw new CaseFailure(`byte ${wrong} of ${what} is ${body[wrong]}, expected 0`);
}

/** `call` ends with `code`, and with `message` where that is given. */
export async function expectStatus(
  what: string,
  call: Promise<unknown>,
  code: StatusCode,
  message?: string,
): Promise<void> {
  const ended = await call.then(() => undefined, (error: unknown) => error);
  if (ended !== undefined && !(ended instanceof RpcError)) throw ended;
  const status = ended === undefined ? "OK" : statusName(ended.code);
  if (ended?.code !== code) {
    const said = ended === undefined ? "" : ` (${ended.details})`;
    throw new CaseFailure(`the status of ${what} is ${status}${said}, expected ${statusName(code)}`);
  }
  if (message !== undefined) expectEqual(`the status message of ${what}`, ended.details, message);
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) {
    return `0x${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
