// What may be moved to another thread, in words that every set of type libraries has: `Transferable` is the DOM's alone.

/** Memory, ports and streams, which `postMessage` moves, as far as the runtime's types have them. A view is none; its `buffer` is. */
export type Transferable =
  | ArrayBuffer
  | (typeof globalThis extends { readonly MessagePort: { prototype: infer Port } } ? Port : never)
  | (typeof globalThis extends { readonly ReadableStream: { prototype: infer Stream } } ? Stream : never)
  | (typeof globalThis extends { readonly WritableStream: { prototype: infer Stream } } ? Stream : never)
  | (typeof globalThis extends { readonly TransformStream: { prototype: infer Stream } } ? Stream : never);
