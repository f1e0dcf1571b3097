// One face over Deno.dlopen and bun:ffi: a native library's functions as plain JavaScript functions.
//
// Only what costs no conversion on either runtime is offered: 32-bit integers, byte buffers, and addresses for
// calls that are rare. A 64-bit result of which -1 and small counts matter (ssize_t) is declared "i32": the low
// half of the register is all that is looked at.

import { createRequire } from "node:module";
import { runtime } from "../native/detect.ts";

/** "buffer" is a Uint8Array (or null) on JavaScript's side and a pointer on the other; "address" a plain number. */
export type NativeParameter = "i32" | "u32" | "buffer" | "address";

/** A function of a library: its parameters, and what it returns. */
export interface Signature {
  readonly parameters: readonly NativeParameter[];
  readonly result: "i32" | "u32" | "address" | "void";
}

/** Functions by name. */
export type Signatures = Readonly<Record<string, Signature>>;

type Argument<P> = P extends "buffer" ? Uint8Array | null : number;
type Arguments<P extends readonly NativeParameter[]> = { -readonly [I in keyof P]: Argument<P[I]> };

/** The functions that `S` describes. */
export type NativeFunctions<S extends Signatures> = {
  readonly [N in keyof S]: (
    ...values: Arguments<S[N]["parameters"]>
  ) => S[N]["result"] extends "void" ? void : number;
};

/** A library's functions, or a sentence that says why there are none. */
export type Opened<S extends Signatures> =
  | { readonly ok: true; readonly functions: NativeFunctions<S> }
  | { readonly ok: false; readonly because: string };

// The little of both runtimes that is used here, so that the file also compiles where their types are not.
interface DenoFfi {
  dlopen(path: string, symbols: object): { symbols: Record<string, (...values: unknown[]) => unknown> };
  readonly UnsafePointer: { value(pointer: object | null): number | bigint; create(address: bigint): object };
  readonly UnsafePointerView: { getArrayBuffer(pointer: object, byteLength: number): ArrayBuffer };
}
interface BunFfi {
  dlopen(path: string, symbols: object): { symbols: Record<string, (...values: unknown[]) => unknown> };
  ptr(bytes: Uint8Array): number;
  toArrayBuffer(address: number, offset: number, byteLength: number): ArrayBuffer;
}

const DENO_TYPES = { i32: "i32", u32: "u32", buffer: "buffer", address: "usize", void: "void" };
const BUN_TYPES = { i32: "i32", u32: "u32", buffer: "ptr", address: "usize", void: "void" };

/** Deno's FFI; the caller has looked at the runtime. */
function denoFfi(): DenoFfi {
  return (globalThis as unknown as { Deno: DenoFfi }).Deno;
}

let bunModule: BunFfi | undefined = undefined;

/** Bun's FFI, at its first use. */
function bunFfi(): BunFfi {
  return bunModule ??= createRequire(import.meta.url)("bun:ffi") as BunFfi;
}

/** Opens the first of `names` that the system's loader finds. */
export function openLibrary<const S extends Signatures>(names: readonly string[], signatures: S): Opened<S> {
  if (runtime === "node") return { ok: false, because: "Node has no FFI; run on Deno or Bun" };
  const refusals: string[] = [];
  for (const name of names) {
    try {
      const functions = runtime === "deno" ? openOnDeno(name, signatures) : openOnBun(name, signatures);
      return { ok: true, functions: functions as NativeFunctions<S> };
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (kind === "NotCapable") {
        return { ok: false, because: "Deno does not allow FFI; run it with --allow-ffi" };
      }
      refusals.push(message.split("\n")[0]!);
    }
  }
  return { ok: false, because: `no library of ${names.join(", ")} can be opened: ${refusals.join("; ")}` };
}

function openOnDeno(name: string, signatures: Signatures): unknown {
  const symbols = Object.entries(signatures).map(([symbol, { parameters, result }]) => [
    symbol,
    {
      parameters: parameters.map((parameter) => DENO_TYPES[parameter]),
      // As a pointer, for a usize comes as a BigInt.
      result: result === "address" ? "pointer" : DENO_TYPES[result],
    },
  ]);
  const opened = denoFfi().dlopen(name, Object.fromEntries(symbols)).symbols;
  const addressOfPointer = denoFfi().UnsafePointer.value;
  const functions = Object.entries(signatures).map(([symbol, { result }]) => {
    const native = opened[symbol]!;
    if (result !== "address") return [symbol, native];
    return [symbol, (...values: unknown[]) => Number(addressOfPointer(native(...values) as object | null))];
  });
  return Object.fromEntries(functions);
}

function openOnBun(name: string, signatures: Signatures): unknown {
  const symbols = Object.entries(signatures).map(([symbol, { parameters, result }]) => [
    symbol,
    {
      args: parameters.map((parameter) => BUN_TYPES[parameter]),
      returns: result === "address" ? "ptr" : BUN_TYPES[result],
    },
  ]);
  const opened = bunFfi().dlopen(name, Object.fromEntries(symbols)).symbols;
  const functions = Object.entries(signatures).map(([symbol, { result }]) => {
    const native = opened[symbol]!;
    if (result !== "address") return [symbol, native];
    return [symbol, (...values: unknown[]) => Number(native(...values) ?? 0)];
  });
  return Object.fromEntries(functions);
}

/**
 * Where `bytes` lie. It stays true as long as their ArrayBuffer lives and, on Bun, nobody touches the `.buffer` of
 * an array below 1,024 bytes; see `Arena` for memory that stays where it is.
 */
export function addressOf(bytes: Uint8Array): number {
  if (runtime === "bun") return bunFfi().ptr(bytes);
  const { UnsafePointer } = (globalThis as unknown as {
    Deno: { UnsafePointer: { of(bytes: Uint8Array): object; value(pointer: object): number | bigint } };
  }).Deno;
  return Number(UnsafePointer.value(UnsafePointer.of(bytes)));
}

/** The `byteLength` bytes of native memory at `address`; whoever owns them keeps them there. */
export function viewMemory(address: number, byteLength: number): ArrayBuffer {
  if (runtime === "bun") return bunFfi().toArrayBuffer(address, 0, byteLength);
  const { UnsafePointer, UnsafePointerView } = denoFfi();
  return UnsafePointerView.getArrayBuffer(UnsafePointer.create(BigInt(address)), byteLength);
}
