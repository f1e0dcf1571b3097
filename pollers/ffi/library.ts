// One face over Deno.dlopen and bun:ffi: a native library's functions as plain JavaScript functions.
//
// What costs no conversion on either runtime is offered: 32-bit integers, byte buffers and pointers that were made
// beforehand; and for calls that are rare, addresses and 64-bit integers. A 64-bit result of which -1 and small counts
// matter (ssize_t) is declared "i32": the low half of the register is all that is looked at.

import { builtin, hostProcess } from "../native/builtin.ts";
import { runtime } from "../native/detect.ts";
import { whyTooOld } from "../native/oldest_runtimes.ts";
import { isGranted } from "../native/permission.ts";

/**
 * "buffer" is a Uint8Array (or null) on JavaScript's side and a pointer on the other; "address" a plain number;
 * "pointer" what {@linkcode pointerTo} gives (or null), which costs nothing to pass: for addresses and handles that are
 * passed again and again.
 */
export type NativeParameter = "i32" | "u32" | "i64" | "buffer" | "address" | "pointer";

/** A pointer or a handle as the runtime passes it. */
export type NativePointer = { readonly nativePointer: never };

/** A function of a library: its parameters, and what it returns. */
export interface Signature {
  /** Types of the parameters, in order. */
  readonly parameters: readonly NativeParameter[];
  /** Type of the result. */
  readonly result: "i32" | "u32" | "address" | "void";
}

/** Functions by name. */
export type Signatures = Readonly<Record<string, Signature>>;

/** What is given for a parameter of type `P`. */
export type NativeArgument<P> = P extends "buffer" ? Uint8Array | null
  : P extends "pointer" ? NativePointer | null
  : number;
/** What is given for parameters of types `P`. */
export type NativeArguments<P extends readonly NativeParameter[]> = {
  -readonly [I in keyof P]: NativeArgument<P[I]>;
};

/** The function that `S` describes. */
export type NativeFunction<S extends Signature> = (
  ...values: NativeArguments<S["parameters"]>
) => S["result"] extends "void" ? void : number;

/** The functions that `S` describes. */
export type NativeFunctions<S extends Signatures> = { readonly [N in keyof S]: NativeFunction<S[N]> };

/** A library's functions, or a sentence that says why there are none. */
export type Opened<S extends Signatures> =
  | {
    readonly ok: true;
    readonly functions: NativeFunctions<S>;
    /** Closes the library; its functions must not be called any more. */
    close(): void;
  }
  | { readonly ok: false; readonly because: string };

// The little of both runtimes that is used here, so that the file also compiles where their types are not.
interface NativeLibrary {
  readonly symbols: Record<string, (...values: unknown[]) => unknown>;
  close(): void;
}
interface DenoFfi {
  dlopen(path: string, symbols: object): NativeLibrary;
  readonly UnsafePointer: {
    of(bytes: Uint8Array): object;
    value(pointer: object | null): number | bigint;
    create(address: bigint): object;
  };
  readonly UnsafePointerView: { getArrayBuffer(pointer: object, byteLength: number): ArrayBuffer };
  readonly UnsafeFnPointer: new (pointer: object, symbol: object) => { call(...values: unknown[]): unknown };
  readonly UnsafeCallback: new (
    symbol: object,
    body: (...values: unknown[]) => unknown,
  ) => { readonly pointer: object; close(): void };
}
interface BunFfi {
  dlopen(path: string, symbols: object): NativeLibrary;
  ptr(bytes: Uint8Array): number;
  toArrayBuffer(address: number, offset: number, byteLength: number): ArrayBuffer;
  readonly CFunction: new (symbol: object) => (...values: unknown[]) => unknown;
  readonly JSCallback: new (
    body: (...values: unknown[]) => unknown,
    symbol: object,
  ) => { readonly ptr: number };
}

const DENO_TYPES = {
  i32: "i32",
  u32: "u32",
  i64: "i64",
  buffer: "buffer",
  address: "usize",
  pointer: "pointer",
  void: "void",
};
const BUN_TYPES = {
  i32: "i32",
  u32: "u32",
  i64: "i64",
  buffer: "ptr",
  address: "usize",
  pointer: "ptr",
  void: "void",
};

/** Deno's FFI; the caller has looked at the runtime. */
function denoFfi(): DenoFfi {
  return (globalThis as unknown as { Deno: DenoFfi }).Deno;
}

let bunModule: BunFfi | undefined = undefined;

/** Bun's FFI, at its first use; not by `import.meta.url`, which a bundle in CommonJS does not have. */
function bunFfi(): BunFfi {
  return bunModule ??= builtin("bun:ffi") as unknown as BunFfi;
}

const FFI_REFUSED = "Deno does not allow FFI; run it with --allow-ffi";

/** Opens the first of `names` that the system's loader finds. */
export function openLibrary<const S extends Signatures>(names: readonly string[], signatures: S): Opened<S> {
  if (runtime === "node") return { ok: false, because: "Node has no FFI; run on Deno or Bun" };
  const tooOld = whyTooOld();
  if (tooOld !== undefined) return { ok: false, because: tooOld };
  const refusals: string[] = [];
  for (const name of names) {
    if (!isGranted({ name: "ffi", path: name })) {
      refusals.push(FFI_REFUSED);
      continue;
    }
    try {
      const opened = runtime === "deno" ? openOnDeno(name, signatures) : openOnBun(name, signatures);
      return { ok: true, functions: opened.functions as NativeFunctions<S>, close: () => opened.close() };
    } catch (error) {
      refusals.push((error as Error).message.split("\n")[0]!);
    }
  }
  if (refusals.every((refusal) => refusal === FFI_REFUSED)) return { ok: false, because: FFI_REFUSED };
  return { ok: false, because: `no library of ${names.join(", ")} can be opened: ${refusals.join("; ")}` };
}

function openOnDeno(name: string, signatures: Signatures): { functions: unknown; close(): void } {
  const symbols = Object.entries(signatures).map(([symbol, signature]) => [symbol, denoSymbol(signature)]);
  const library = denoFfi().dlopen(name, Object.fromEntries(symbols));
  const functions = Object.entries(signatures).map(([symbol, { result }]) => [
    symbol,
    result === "address" ? addressFromDeno(library.symbols[symbol]!) : library.symbols[symbol]!,
  ]);
  return { functions: Object.fromEntries(functions), close: () => library.close() };
}

function denoSymbol({ parameters, result }: Signature): object {
  return {
    parameters: parameters.map((parameter) => DENO_TYPES[parameter]),
    // As a pointer, for a usize comes as a BigInt.
    result: result === "address" ? "pointer" : DENO_TYPES[result],
  };
}

function addressFromDeno(native: (...values: unknown[]) => unknown): (...values: unknown[]) => number {
  const addressOfPointer = denoFfi().UnsafePointer.value;
  return (...values) => Number(addressOfPointer(native(...values) as object | null));
}

function openOnBun(name: string, signatures: Signatures): { functions: unknown; close(): void } {
  const symbols = Object.entries(signatures).map(([symbol, signature]) => [symbol, bunSymbol(signature)]);
  const library = bunFfi().dlopen(name, Object.fromEntries(symbols));
  const functions = Object.entries(signatures).map(([symbol, { result }]) => [
    symbol,
    result === "address" ? addressFromBun(library.symbols[symbol]!) : library.symbols[symbol]!,
  ]);
  return { functions: Object.fromEntries(functions), close: () => library.close() };
}

function bunSymbol({ parameters, result }: Signature): object {
  return {
    args: parameters.map((parameter) => BUN_TYPES[parameter]),
    returns: result === "address" ? "ptr" : BUN_TYPES[result],
  };
}

function addressFromBun(native: (...values: unknown[]) => unknown): (...values: unknown[]) => number {
  return (...values) => Number(native(...values) ?? 0);
}

/** The function at `address`, for those that a library gives out instead of exporting them. */
export function functionAt<const S extends Signature>(address: number, signature: S): NativeFunction<S> {
  if (runtime === "bun") {
    const native = new (bunFfi().CFunction)({ ptr: address, ...bunSymbol(signature) });
    return (signature.result === "address" ? addressFromBun(native) : native) as NativeFunction<S>;
  }
  const pointer = denoFfi().UnsafePointer.create(BigInt(address));
  const at = new (denoFfi().UnsafeFnPointer)(pointer, denoSymbol(signature));
  const native = (...values: unknown[]): unknown => at.call(...values);
  return (signature.result === "address" ? addressFromDeno(native) : native) as NativeFunction<S>;
}

/** `address` (or a handle's number) as a parameter of type "pointer"; to be kept where it is passed often. */
export function pointerTo(address: number): NativePointer {
  const pointer = runtime === "bun" ? address : denoFfi().UnsafePointer.create(BigInt(address));
  return pointer as unknown as NativePointer;
}

/**
 * Where `bytes` lie. It stays true as long as their ArrayBuffer lives and, on Bun, no code touches the `.buffer` of
 * an array below 1,024 bytes; see `Arena` for memory that stays where it is.
 */
export function addressOf(bytes: Uint8Array): number {
  if (runtime === "bun") return bunFfi().ptr(bytes);
  const { UnsafePointer } = denoFfi();
  return Number(UnsafePointer.value(UnsafePointer.of(bytes)));
}

/** The `byteLength` bytes of native memory at `address`; their owner must keep them there. */
export function viewMemory(address: number, byteLength: number): ArrayBuffer {
  if (runtime === "bun") return bunFfi().toArrayBuffer(address, 0, byteLength);
  const { UnsafePointer, UnsafePointerView } = denoFfi();
  return UnsafePointerView.getArrayBuffer(UnsafePointer.create(BigInt(address)), byteLength);
}

/** Keeps what native code may call for as long as the thread runs. */
const callbacks: object[] = [];

/**
 * A native function that runs `body`: for libraries that ask back during a call of this thread. It is not released before
 * the thread ends, so make one for all uses; and it must be called on this thread alone. Parameters are "address" or
 * "u32". On Deno the function that calls back is to be declared with the result "void", or the runtime aborts once it is
 * optimised.
 */
export function nativeCallback(
  signature: { readonly parameters: readonly ("address" | "u32")[]; readonly result: "i32" | "void" },
  body: (...values: number[]) => number | void,
): NativePointer {
  const numbers = (...values: unknown[]): unknown => body(...values.map(Number));
  if (runtime === "bun") {
    const callback = new (bunFfi().JSCallback)(numbers, bunSymbol(signature));
    callbacks.push(callback);
    return callback.ptr as unknown as NativePointer;
  }
  const callback = new (denoFfi().UnsafeCallback)(denoSymbol(signature), numbers);
  callbacks.push(callback);
  // Of a thread that ends with one Deno keeps two descriptors, and megabytes.
  if ("DedicatedWorkerGlobalScope" in globalThis) hostProcess().on("exit", () => callback.close());
  return callback.pointer as unknown as NativePointer;
}
